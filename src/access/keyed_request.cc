#include "access/keyed_request.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "access/idempotency_key.h"
#include "base/check.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kReplyColumn = "idempotency_keys.sealed_reply";
constexpr int kSweptAtOnce = 1'000;
constexpr int kSweepsMax = 50;
constexpr int kRetryAfterSeconds = 2;

constexpr std::string_view kBegin = R"sql(
    INSERT INTO idempotency_keys (id, scope, fingerprint, state, runner, leased_until, created_at)
    VALUES ($1, $2, $3, 'running', $4, $5, $6)
        ON CONFLICT (scope) DO NOTHING
)sql";

constexpr std::string_view kLoad = R"sql(
    SELECT id, fingerprint, state, runner, leased_until, sealed_reply
      FROM idempotency_keys
     WHERE scope = $1
)sql";

constexpr std::string_view kTakeOver = R"sql(
    UPDATE idempotency_keys SET runner = $3, leased_until = $4
     WHERE id = $1 AND runner = $2 AND state = 'running'
)sql";

constexpr std::string_view kKeep = R"sql(
    UPDATE idempotency_keys SET state = 'done', sealed_reply = $3
     WHERE id = $1 AND runner = $2 AND state = 'running'
)sql";

constexpr std::string_view kRelease = R"sql(
    DELETE FROM idempotency_keys WHERE id = $1 AND runner = $2 AND state = 'running'
)sql";

constexpr std::string_view kSetLease = R"sql(
    UPDATE idempotency_keys SET leased_until = $3
     WHERE id = $1 AND runner = $2 AND state = 'running'
)sql";

constexpr std::string_view kForgetLeases = R"sql(
    UPDATE idempotency_keys SET leased_until = 0 WHERE state = 'running'
)sql";

constexpr std::string_view kSweep = R"sql(
    DELETE FROM idempotency_keys
     WHERE id IN (SELECT id FROM idempotency_keys
                   WHERE created_at < $1 ORDER BY created_at LIMIT $2)
)sql";

constexpr std::string_view kNote = R"sql(
    UPDATE idempotency_keys SET progress = $2 WHERE id = $1
)sql";

constexpr std::string_view kNoted = "SELECT progress FROM idempotency_keys WHERE id = $1";

Secret written(const http::Response& answer) {
    Json headers = Json::array();
    for (const auto& [name, value] : answer.headers) headers.push_back(Json::array({name, value}));
    return Secret(to_text(
        Json{{"status", answer.status}, {"headers", std::move(headers)}, {"body", answer.body}}));
}

http::Response answer_of(const Secret& text) {
    const auto json = parse_json(text.reveal());
    check(json.has_value(), "a kept answer is the JSON that was written");
    http::Response answer{(*json)["status"].get<int>(), {}, (*json)["body"]};
    for (const auto& header : (*json)["headers"]) answer.headers.emplace_back(header[0], header[1]);
    answer.headers.emplace_back("Idempotent-Replayed", "true");
    return answer;
}

std::unexpected<Error> in_flight() {
    auto refused = conflict("idempotency.in_flight",
                            "a request with this Idempotency-Key is being handled; try again");
    refused.error().retry_after_s = kRetryAfterSeconds;
    return refused;
}

std::string sealed_reply(const KeyedRun& run, const http::Response& answer) {
    return run.secrets.seal({kReplyColumn, run.id.text()}, written(answer));
}

/// Whether it is told again: what was done, and a payment that was declined.
bool is_final(int status) { return status < 400 || status == 402; }

}  // namespace

Result<http::Response> keep_answer(sql::Transaction& tx, const Principal& caller,
                                   http::Response answer) {
    if (caller.keyed == nullptr) return answer;
    const KeyedRun& run = *caller.keyed;
    if (tx.run(kKeep, {run.id, run.runner, sealed_reply(run, answer)}) == 0) return in_flight();
    run.has_kept = true;
    return answer;
}

void note_progress(sql::Transaction& tx, std::string_view once, std::string_view progress) {
    if (!once.empty()) tx.run(kNote, {once, progress});
}

std::optional<std::string> noted_progress(sql::Transaction& tx, std::string_view once) {
    if (once.empty()) return std::nullopt;
    const auto row = tx.one(kNoted, {once});
    return row ? row->maybe_text(0) : std::nullopt;
}

asio::awaitable<Result<KeyedRequests::Begun>> KeyedRequests::begin(const std::string& principal,
                                                                   const http::Request& request,
                                                                   const std::string& key) {
    const std::string scope =
        scope_digest({principal, http::to_text(request.method), request.path, key});
    const auto question = request.target.find('?');
    const std::string query = question == std::string::npos ? "" : request.target.substr(question);
    const std::string fingerprint = request_fingerprint(query, request.body);
    auto work = [&](sql::Transaction& tx) { return begin_in(tx, scope, fingerprint); };
    auto begun = co_await db_.write(work);
    if (begun && begun->run) {
        const std::lock_guard lock(mutex_);
        running_[begun->run->id] = begun->run->runner;
    }
    co_return begun;
}

Result<KeyedRequests::Begun> KeyedRequests::begin_in(sql::Transaction& tx, const std::string& scope,
                                                     const std::string& fingerprint) {
    const Instant now = clock_.now();
    auto runner = ids_.body(now);
    auto fresh = ids_.make<IdempotencyId>(now);
    if (tx.run(kBegin, {fresh, scope, fingerprint, runner, now + KeyedRequests::kLease, now}) > 0)
        return Begun{run_of(std::move(fresh), std::move(runner))};
    const auto row = tx.one(kLoad, {scope});
    if (!row) return in_flight();
    if (row->text(1) != fingerprint)
        return fail(ErrorCode::Unprocessable, "idempotency.key_reused",
                    "this Idempotency-Key came with another request before; use a new one");
    auto id = row->id<IdempotencyId>(0);
    if (row->text(2) == "done") {
        const auto reply = secrets_.open({kReplyColumn, id.text()}, row->text(5));
        if (!reply) return failure(reply);
        return Begun{nullptr, answer_of(*reply)};
    }
    if (row->instant(4) > now) return in_flight();
    if (tx.run(kTakeOver, {id, row->text(3), runner, now + KeyedRequests::kLease}) == 0)
        return in_flight();
    return Begun{run_of(std::move(id), std::move(runner))};
}

std::unique_ptr<KeyedRun> KeyedRequests::run_of(IdempotencyId id, std::string runner) {
    return std::unique_ptr<KeyedRun>(
        new KeyedRun{std::move(id), std::move(runner), secrets_, clock_});
}

void KeyedRequests::leave(const KeyedRun& run) {
    const std::lock_guard lock(mutex_);
    running_.erase(run.id);
}

asio::awaitable<bool> KeyedRequests::end(const KeyedRun& run, const http::Response& answer) {
    leave(run);
    if (run.has_kept && is_final(answer.status)) co_return true;
    auto work = [&](sql::Transaction& tx) {
        if (is_final(answer.status))
            return tx.run(kKeep, {run.id, run.runner, sealed_reply(run, answer)}) > 0;
        if (answer.status < 500) return tx.run(kRelease, {run.id, run.runner}) > 0;
        return tx.run(kSetLease, {run.id, run.runner, 0}) > 0;
    };
    co_return co_await db_.write(work);
}

asio::awaitable<void> KeyedRequests::suspend(const KeyedRun& run) {
    leave(run);
    auto work = [&](sql::Transaction& tx) { return tx.run(kSetLease, {run.id, run.runner, 0}); };
    try {
        co_await db_.write(work);
    } catch (const sql::Failure& failure) {
        spdlog::debug("event=idempotency.lease_ends_by_itself message=\"{}\"", failure.what());
    }
}

asio::awaitable<void> KeyedRequests::renew() {
    std::map<IdempotencyId, std::string> running;
    {
        const std::lock_guard lock(mutex_);
        running = running_;
    }
    if (running.empty()) co_return;
    const Instant until = clock_.now() + KeyedRequests::kLease;
    auto work = [&](sql::Transaction& tx) {
        for (const auto& [id, runner] : running) tx.run(kSetLease, {id, runner, until});
        return true;
    };
    co_await db_.write(work);
}

asio::awaitable<std::int64_t> KeyedRequests::sweep() {
    const Instant before = clock_.now() - kKept;
    auto work = [&](sql::Transaction& tx) { return tx.run(kSweep, {before, kSweptAtOnce}); };
    std::int64_t swept = 0, now = kSweptAtOnce;
    for (int i = 0; i < kSweepsMax && now == kSweptAtOnce; ++i) {
        now = co_await db_.write(work);
        swept += now;
    }
    co_return swept;
}

void KeyedRequests::forget_leases() {
    db_.write_blocking([](sql::Transaction& tx) { return tx.run(kForgetLeases); });
}

}  // namespace turnpike
