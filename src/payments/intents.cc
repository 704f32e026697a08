#include "payments/intents.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "payments/errors.h"
#include "payments/redact.h"

namespace turnpike {
namespace {

constexpr std::size_t kKeyHexDigits = 48;

IntentState read_state(std::string_view text) {
    if (text == "pending") return IntentState::Pending;
    if (text == "succeeded") return IntentState::Succeeded;
    if (text == "refused") return IntentState::Refused;
    check(text == "unknown", "an intent has one of four states");
    return IntentState::Unknown;
}

Intent from_row(const sql::Row& row) {
    const auto status = row.maybe_integer(8);
    return {.id = row.id<IntentId>(0),
            .provider = row.text(1),
            .obligation = row.text(2),
            .idempotency_key = row.text(3),
            .method = row.text(4),
            .path = row.text(5),
            .body = row.text(6),
            .state = read_state(row.text(7)),
            .http_status = status ? std::optional(static_cast<int>(*status)) : std::nullopt,
            .reply = row.maybe_text(9),
            .attempts = row.integer(10),
            .created_at = row.instant(11),
            .updated_at = row.instant(12)};
}

constexpr std::string_view kFind = R"sql(
    SELECT id, provider, obligation, idempotency_key, method, path, body, state, http_status, reply,
           attempts, created_at, updated_at
      FROM provider_intents
     WHERE provider = $1 AND obligation = $2
)sql";

constexpr std::string_view kFindSome = R"sql(
    SELECT id, provider, obligation, idempotency_key, method, path, body, state, http_status, reply,
           attempts, created_at, updated_at
      FROM provider_intents
     WHERE provider = $1 AND obligation IN ()sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO provider_intents (id, provider, obligation, idempotency_key, method, path, body,
                                  state, attempts, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, $8)
        ON CONFLICT DO NOTHING
)sql";

// From here on the truth is "unknown" until an answer is recorded, also when we crash.
constexpr std::string_view kBegin = R"sql(
    UPDATE provider_intents
       SET attempts = attempts + 1, state = 'unknown',
           updated_at = CASE WHEN state = 'pending' THEN $2 ELSE updated_at END
     WHERE id = $1 AND state IN ('pending', 'unknown')
)sql";

constexpr std::string_view kRecord = R"sql(
    UPDATE provider_intents
       SET state = $2, http_status = $3, reply = $4, updated_at = $5
     WHERE id = $1 AND state IN ('pending', 'unknown')
)sql";

// Only the first attempt may say that nothing happened: an earlier or a concurrent one may have
// left, and then the answer is still out.
constexpr std::string_view kNothingHappened = R"sql(
    UPDATE provider_intents
       SET state = 'pending', updated_at = $3
     WHERE id = $1 AND attempts = $2 AND state = 'unknown'
)sql";

constexpr std::string_view kUnknown = R"sql(
    SELECT id, provider, obligation, idempotency_key, method, path, body, state, http_status, reply,
           attempts, created_at, updated_at
      FROM provider_intents
     WHERE state = 'unknown' AND updated_at < $2 AND provider = $1
     ORDER BY updated_at, id
     LIMIT $3
)sql";

constexpr std::string_view kCountUnknown = R"sql(
    SELECT COUNT(*) FROM provider_intents WHERE state = 'unknown' AND provider = $1
)sql";

constexpr std::string_view kReopen = R"sql(
    UPDATE provider_intents
       SET state = 'pending', idempotency_key = $3, updated_at = $4
     WHERE id = $1 AND idempotency_key = $2 AND state = 'unknown'
)sql";

/// Whether an unknown intent may leave again under its key.
enum class Unknowns : bool { SentAgain, LookedFor };

Result<Intent> begin(sql::Transaction& tx, const IntentWorld& world, const IntentRequest& request,
                     Unknowns unknowns) {
    const auto now = world.clock.now();
    tx.run(kInsert, {world.ids.make<IntentId>(now), request.provider, request.obligation,
                     idempotency_key(request.provider, request.obligation, 0), request.method,
                     request.path, request.body, now});
    auto intent = find_intent(tx, request.provider, request.obligation);
    check(intent.has_value(), "an intent exists once it is inserted");

    const bool same = intent->method == request.method && intent->path == request.path &&
                      intent->body == request.body;
    if (!same && request.content == IntentContent::MustMatch)
        return conflict("payment.obligation_changed",
                        request.obligation + " was asked for with other content before");
    if (intent->state == IntentState::Succeeded || intent->state == IntentState::Refused)
        return *std::move(intent);
    const bool may_leave =
        unknowns == Unknowns::SentAgain && now - intent->updated_at <= kIntentResendWindow;
    if (intent->state == IntentState::Unknown && !may_leave) return *std::move(intent);

    tx.run(kBegin, {intent->id, now});
    ++intent->attempts;
    return *std::move(intent);
}

Intent stored(sql::Transaction& tx, const Intent& begun) {
    auto intent = find_intent(tx, begun.provider, begun.obligation);
    check(intent.has_value(), "intents are never deleted");
    return *std::move(intent);
}

/// Writes what `sent` tells, without its secrets, and returns the row as it is then: another
/// caller's final outcome stays. Our own has its reply whole.
Intent finish(sql::Transaction& tx, const Intent& begun, const Sent& sent, Instant now) {
    switch (sent.fate) {
        case SendFate::Succeeded:
        case SendFate::Refused: {
            const auto state =
                sent.fate == SendFate::Succeeded ? IntentState::Succeeded : IntentState::Refused;
            const auto kept = tx.run(
                kRecord, {begun.id, to_text(state), sent.http_status, redact(sent.body), now});
            auto intent = stored(tx, begun);
            if (kept > 0) intent.reply = sent.body;
            return intent;
        }
        case SendFate::NothingHappened:
            // `begun` was read before its attempt began: pending then means that no earlier
            // attempt is open.
            if (begun.state == IntentState::Pending)
                tx.run(kNothingHappened, {begun.id, begun.attempts, now});
            break;
        case SendFate::Unknown: break;
    }
    return stored(tx, begun);
}

std::unexpected<Error> not_final(const Intent& intent, const Sent& sent) {
    return intent.state == IntentState::Pending
               ? provider_down(intent.provider, sent.note, sent.retry_after_s)
               : outcome_unknown(intent.provider, sent.note, sent.retry_after_s);
}

bool is_final(const Intent& intent) {
    return intent.state == IntentState::Succeeded || intent.state == IntentState::Refused;
}

enum class Source : bool { Provider, Row };

IntentOutcome outcome_of(Intent intent, Source source) {
    return {.state = intent.state,
            .http_status = intent.http_status.value_or(0),
            .reply = std::move(intent.reply).value_or(""),
            .replayed = source == Source::Row};
}

asio::awaitable<Result<Intent>> begin_intent(const IntentWorld& world, const IntentRequest& request,
                                             Unknowns unknowns) {
    auto open = [&](sql::Transaction& tx) { return begin(tx, world, request, unknowns); };
    co_return co_await world.db.write(std::move(open));
}

/// The intent as it is when it was looked for: succeeded, pending again, or unknown still.
asio::awaitable<Result<Intent>> look_for(const IntentWorld& world, const Intent& intent,
                                         const Looking& looking) {
    const auto searched_at = world.clock.now();
    const auto found = co_await looking.find(intent);
    // Whatever kept us from seeing it: it may be there.
    if (!found)
        co_return outcome_unknown(intent.provider, "it cannot be looked for now",
                                  found.error().retry_after_s);
    auto settle_it = [&](sql::Transaction& tx) {
        const bool is_ours = settle(tx, intent, *found, searched_at, looking.absent_after);
        auto settled = stored(tx, intent);
        if (is_ours && *found) settled.reply = **found;
        return settled;
    };
    co_return co_await world.db.write(std::move(settle_it));
}

std::unexpected<Error> not_settled(const Intent& intent, const IntentWorld& world,
                                   const Looking& looking) {
    const auto left = intent.updated_at + looking.absent_after - world.clock.now();
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    return outcome_unknown(intent.provider, "it is not there yet, but may still come",
                           static_cast<int>(std::max<std::int64_t>(1, seconds + 1)));
}

}  // namespace

std::string_view to_text(IntentState state) {
    switch (state) {
        case IntentState::Pending: return "pending";
        case IntentState::Succeeded: return "succeeded";
        case IntentState::Refused: return "refused";
        case IntentState::Unknown: return "unknown";
    }
    std::unreachable();
}

std::string idempotency_key(std::string_view provider, std::string_view obligation,
                            std::int64_t generation) {
    std::string text(provider);
    text += '|';
    text += obligation;
    if (generation > 0) text += "|" + std::to_string(generation);
    return "tp_" + to_hex(sha256(text)).substr(0, kKeyHexDigits);
}

asio::awaitable<Result<IntentOutcome>> perform(IntentWorld world, IntentRequest request,
                                               SendIntent send, Looking looking) {
    const auto unknowns = looking.find ? Unknowns::LookedFor : Unknowns::SentAgain;
    auto begun = co_await begin_intent(world, request, unknowns);
    if (!begun) co_return failure(begun);
    if (looking.find && begun->state == IntentState::Unknown) {
        const auto seen = co_await look_for(world, *begun, looking);
        if (!seen) co_return failure(seen);
        if (is_final(*seen)) co_return outcome_of(*seen, Source::Provider);
        if (seen->state == IntentState::Unknown) co_return not_settled(*seen, world, looking);
        begun = co_await begin_intent(world, request, unknowns);
        if (!begun) co_return failure(begun);
        if (begun->state == IntentState::Unknown) co_return not_settled(*begun, world, looking);
    }
    if (is_final(*begun)) co_return outcome_of(*begun, Source::Row);
    if (begun->state == IntentState::Unknown &&
        world.clock.now() - begun->updated_at > kIntentResendWindow) {
        const Sent silent{.note = "too old to ask again, reconciliation decides"};
        co_return not_final(*begun, silent);
    }

    const Sent sent = co_await send(*begun);
    const auto now = world.clock.now();
    auto close = [&](sql::Transaction& tx) { return finish(tx, *begun, sent, now); };
    const Intent intent = co_await world.db.write(std::move(close));
    if (is_final(intent)) co_return outcome_of(intent, Source::Provider);
    co_return not_final(intent, sent);
}

std::optional<Intent> find_intent(sql::Transaction& tx, std::string_view provider,
                                  std::string_view obligation) {
    const auto row = tx.one(kFind, {provider, obligation});
    if (!row) return std::nullopt;
    return from_row(*row);
}

std::vector<Intent> find_intents(sql::Transaction& tx, std::string_view provider,
                                 const std::vector<std::string>& obligations) {
    if (obligations.empty()) return {};
    std::vector<sql::Value> values{provider};
    std::string query(kFindSome);
    for (const std::string& obligation : obligations) {
        query += values.size() > 1 ? ", $" : "$";
        values.emplace_back(obligation);
        query += std::to_string(values.size());
    }
    std::vector<Intent> found;
    for (const auto& row : tx.all(query + ")", values)) found.push_back(from_row(row));
    return found;
}

std::vector<Intent> unknown_intents(sql::Transaction& tx, std::string_view provider, Instant until,
                                    int limit) {
    std::vector<Intent> found;
    for (const auto& row : tx.all(kUnknown, {provider, until, limit}))
        found.push_back(from_row(row));
    return found;
}

std::int64_t count_unknown_intents(sql::Transaction& tx, std::string_view provider) {
    const auto row = tx.one(kCountUnknown, {provider});
    return row ? row->integer(0) : 0;
}

bool settle(sql::Transaction& tx, const Intent& intent, const std::optional<std::string>& found,
            Instant searched_at, std::chrono::seconds absent_after) {
    if (found)
        return tx.run(kRecord, {intent.id, to_text(IntentState::Succeeded), 200, redact(*found),
                                searched_at}) > 0;
    if (searched_at - intent.updated_at <= absent_after) return false;
    // The attempts so far name the generation: they only grow, so no key ever comes back.
    const auto key = idempotency_key(intent.provider, intent.obligation, intent.attempts);
    return tx.run(kReopen, {intent.id, intent.idempotency_key, key, searched_at}) > 0;
}

}  // namespace turnpike
