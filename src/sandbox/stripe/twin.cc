#include "sandbox/stripe/twin.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

#include "sandbox/documents.h"
#include "sandbox/form_origin.h"
#include "sandbox/stripe/calls/auth.h"
#include "sandbox/stripe/calls/idempotency.h"
#include "sandbox/stripe/calls/keys_in_flight.h"
#include "sandbox/stripe/calls/operation_call.h"
#include "sandbox/stripe/clocks/billing_engine.h"
#include "sandbox/stripe/clocks/test_clocks.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/store.h"
#include "sandbox/stripe/inspection.h"
#include "sandbox/stripe/pages/billing_pdf.h"
#include "sandbox/stripe/webhooks/webhooks.h"
#include "sandbox/stripe/wire/rate_limits.h"
#include "sandbox/twin_database.h"

namespace turnpike::twin {
namespace {

std::string new_request_id(IdSource& ids, Instant now) { return "req_" + ids.body(now).substr(12); }

http::Response internal_error(const AnswerContext& context, Instant now) {
    StripeError error;
    error.http_status = 500;
    error.type = "api_error";
    error.message =
        "Sorry! There was an error while talking to the sandbox. Nothing was changed; try again.";
    return wire_response({.status = 500, .body = error_text(error, context.request_id, now)},
                         context);
}

http::Response not_our_form() {
    return page_response(
        {.status = 403,
         .html = html_page("Refused",
                           "<h1>Refused</h1><p>Only a page of this sandbox may do that. Nothing "
                           "was changed.</p>")});
}

http::Response no_such_link() {
    return page_response(
        {.status = 404,
         .html = html_page("No such link", "<h1>There is no such link</h1>" +
                                               link_line("/", "What this sandbox has"))});
}

/// Where people's pages are, not the API.
bool is_of_pages(std::string_view path) {
    return path.starts_with("/p/") || path.starts_with("/c/") || path.starts_with("/receipts/");
}

/// One kind of row of every feature.
template <class Row>
std::vector<Row> all_of(std::span<const Row> Feature::* rows) {
    std::vector<Row> all;
    for (const auto& feature : features())
        all.insert(all.end(), (feature.*rows).begin(), (feature.*rows).end());
    return all;
}

}  // namespace

struct Twin::State {
    Twin& twin;
    const TwinConfig config;
    const Clock& clock;
    IdSource& ids;
    sql::Database& database;
    std::vector<OperationRoute> operations = all_of(&Feature::operations);
    http::Router operation_router = router_of(operations);
    std::vector<PageRoute> pages = all_of(&Feature::pages);
    http::Router page_router = router_of(pages);
    std::vector<PdfRoute> pdfs{pdf_routes().begin(), pdf_routes().end()};
    http::Router pdf_router = router_of(pdfs);
    Inspection inspection{[this](sql::Transaction& tx, const std::string& account, Instant now) {
        return context_of(tx, account, now);
    }};
    RateGauge gauge;
    KeysInFlight keys;

    State(Twin& new_twin, TwinConfig new_config, IdSource& new_ids)
        : twin(new_twin),
          config(std::move(new_config)),
          clock(twin.clock()),
          ids(new_ids),
          database(twin.database()) {}

    Context context_of(sql::Transaction& tx, const std::string& account, Instant now) {
        Context ctx(tx, account, now, ids);
        ctx.set_surroundings(config.surroundings);
        ctx.set_base_url(twin.base_url());
        return ctx;
    }

    /// nullopt: none, or they are off.
    std::optional<std::string_view> exceeded_limit_of(const http::Request& request,
                                                      const OperationCall& call,
                                                      const OperationRoute& route, Instant now) {
        if (config.rate_limits == TwinConfig::RateLimits::Off) return std::nullopt;
        return exceeded_limit(gauge,
                              {.account = limited_as(call),
                               .method = request.method,
                               .pattern = route.pattern,
                               .path = request.path},
                              now);
    }

    asio::awaitable<http::Response> answer(http::Request& request);
    asio::awaitable<http::Response> answer_operation(http::Request& request);
    asio::awaitable<WireAnswer> run(const OperationCall& call);
    asio::awaitable<http::Response> answer_page(http::Request& request, const PageRoute& route);
    asio::awaitable<http::Response> answer_pdf(const http::Request& request, const PdfRoute& route);
    asio::awaitable<void> move_clock(const MovingClock& clock_row);
    asio::awaitable<void> run_engine(const std::string& account);
};

Twin::Twin(TwinConfig config, const Clock& clock, IdSource& ids,
           std::unique_ptr<sql::Database> database)
    : TwinBase(std::move(database), clock),
      state_(std::make_unique<State>(*this, std::move(config), ids)) {}
Twin::~Twin() = default;

Result<std::unique_ptr<Twin>> Twin::open(TwinConfig config, const Clock& clock, IdSource& ids) {
    auto database =
        open_twin_database(config.data_dir / "sandbox.db", sandbox_migrations(), clock.now());
    if (!database) return failure(database);
    return std::unique_ptr<Twin>(new Twin(std::move(config), clock, ids, *std::move(database)));
}

asio::awaitable<http::Response> Twin::answer(http::Request& request) {
    return state_->answer(request);
}

http::Response Twin::server_error(const http::Request& request) {
    const AnswerContext context{.request_id = request.request_id,
                                .version = "",
                                .idempotency_key = "",
                                .method = request.method};
    return internal_error(context, clock().now());
}

asio::awaitable<http::Response> Twin::State::answer(http::Request& request) {
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    if (reads && request.path == "/healthz") co_return http::text_response(200, "ok\n");
    if (const auto match = page_router.match(request); match.found) {
        auto answering = answer_page(request, pages[match.index]);
        co_return co_await std::move(answering);
    }
    if (const auto match = pdf_router.match(request); match.found) {
        auto answering = answer_pdf(request, pdfs[match.index]);
        co_return co_await std::move(answering);
    }
    if (is_of_pages(request.path)) co_return no_such_link();
    auto answering = answer_operation(request);
    co_return co_await std::move(answering);
}

asio::awaitable<http::Response> Twin::State::answer_operation(http::Request& request) {
    const auto now = clock.now();
    AnswerContext context{.request_id = new_request_id(ids, now),
                          .version = "",
                          .idempotency_key = "",
                          .method = request.method};
    const auto refused = [&](const StripeError& error) {
        return wire_response(
            {.status = error.http_status, .body = error_text(error, context.request_id, now)},
            context);
    };
    auto call = read_call(request);
    if (!call) co_return refused(call.error());
    const auto match = operation_router.match(request);
    if (!match.found) co_return refused(unknown_url(request));
    if (const auto exceeded = exceeded_limit_of(request, *call, operations[match.index], now)) {
        auto answer = refused(rate_limit_error());
        answer.headers.emplace_back("Stripe-Rate-Limited-Reason", *exceeded);
        co_return answer;
    }
    context.version = call->version;
    context.idempotency_key = call->request.idempotency_key;
    const auto held = keys.hold(request);
    if (!held) co_return refused(held.error());
    call->handler = operations[match.index].handler;
    call->path_values = request.path_values;
    call->request.id = context.request_id;
    call->now = now;
    auto running = run(*call);
    co_return wire_response(co_await std::move(running), context);
}

asio::awaitable<WireAnswer> Twin::State::run(const OperationCall& call) {
    const Workshop workshop{.surroundings = config.surroundings, .ids = ids};
    if (call.method == http::Method::Get) {
        auto look = [&](sql::Transaction& tx) -> std::optional<WireAnswer> {
            if (!call.browser_intent && !find_account(tx, call.secret_key)) return std::nullopt;
            return run_operation(tx, call, workshop);
        };
        if (auto answer = co_await database.read(look)) co_return *std::move(answer);
    }
    auto work = [&](sql::Transaction& tx) { return run_operation(tx, call, workshop); };
    auto answer = co_await database.write(work);
    twin.announce_change();
    co_return answer;
}

asio::awaitable<http::Response> Twin::State::answer_page(http::Request& request,
                                                         const PageRoute& route) {
    if (comes_from_elsewhere(request)) co_return not_our_form();
    const auto now = clock.now();
    const auto form = decode_form(parameters_of(request));
    if (!form) co_return page_response(unreadable_form(form.error().message));
    const auto id = request.path_values.empty() ? "" : request.path_values.front().second;
    auto work = [&](sql::Transaction& tx) -> std::optional<PageAnswer> {
        const auto account = find_owner(tx, route.kind, id);
        if (!account) return std::nullopt;
        Context ctx = context_of(tx, *account, now);
        auto object = ctx.find(route.kind, id);
        if (!object) return std::nullopt;
        PageRequest page{
            .ctx = ctx, .object = *std::move(object), .form = Params(*form), .path = request.path};
        // A look at the headers alone is none at the page: what it has to tell is still untold.
        std::optional<Retreat> unseen;
        if (request.method == http::Method::Head) unseen.emplace(ctx);
        auto answer = route.handler(page);
        if (unseen) {
            unseen->undo();
            unseen->close();
        }
        ctx.save();
        return answer;
    };
    const auto answer = co_await database.write(work);
    twin.announce_change();
    co_return answer ? page_response(*answer) : no_such_link();
}

asio::awaitable<http::Response> Twin::State::answer_pdf(const http::Request& request,
                                                        const PdfRoute& route) {
    const auto id = request.path_values.empty() ? "" : request.path_values.front().second;
    auto look = [&](sql::Transaction& tx) -> std::optional<PdfDocument> {
        const auto account = find_owner(tx, route.kind, id);
        if (!account) return std::nullopt;
        Context ctx = context_of(tx, *account, clock.now());
        const auto object = ctx.find(route.kind, id);
        return object ? route.make(ctx, *object) : std::nullopt;
    };
    const auto document = co_await database.read(look);
    co_return document ? pdf_response(*document) : no_such_link();
}

Inspected& Twin::inspected() { return state_->inspection; }

std::unique_ptr<CallHold> Twin::hold(const http::Request& request) {
    auto held = state_->keys.hold(request);
    return held ? *std::move(held) : nullptr;
}

http::Response Twin::refused(const http::Request& request, int status) {
    return refused_request(request, status, state_->clock.now());
}

http::Response Twin::excuse(const http::Request& request, int status) {
    return excuse_of(request, status, new_request_id(state_->ids, clock().now()), clock().now());
}

void Twin::keep_answer(sql::Transaction& tx, const http::Request& request,
                       const http::Response& given, const http::Response& answer) {
    const auto* key = request.header("Idempotency-Key");
    const auto* saved_by = http::find_header(given.headers, "Original-Request");
    const auto secret_key = authenticate(request);
    if (key == nullptr || saved_by == nullptr || !secret_key) return;
    const auto account = find_account(tx, *secret_key);
    if (account) replace_saved_answer(tx, *account, *key, {answer.status, answer.body, *saved_by});
}

std::optional<http::Call> Twin::call_of(sql::Transaction& tx, const Delivery& delivery, Instant now,
                                        const WebhookStyle& style) {
    Context ctx = state_->context_of(tx, delivery.account, now);
    return webhook_call(ctx, delivery, style);
}

std::string Twin::event_type(const Delivery& delivery) {
    return text_of(parse_json(delivery.body).value_or(Json::object()), "type");
}

std::int64_t Twin::resend(sql::Transaction& tx, const EventAddress& event, Instant now) {
    Context ctx = state_->context_of(tx, event.account, now);
    const auto found = find_event(ctx, event.event);
    if (!found) return 0;
    const auto queued = resend_webhooks(ctx, *found, event.endpoint);
    return queued ? static_cast<std::int64_t>(*queued) : 0;
}

bool Twin::prune(sql::Transaction& tx, Instant now, PruneWalk& walk) {
    constexpr std::array<std::string_view, 2> kBelongings{"delivery_attempts", "chaos_fates"};
    return prune_deliveries(tx, now, walk, kBelongings) || prune_events(tx, now, walk) ||
           prune_saved_answers(tx, now);
}

std::optional<Instant> Twin::retry_at(sql::Transaction& /*tx*/, const Delivery& delivery,
                                      const Attempt& attempt) {
    const auto& retry_after = state_->config.retry_after;
    const auto failed_before = static_cast<std::size_t>(delivery.tries);
    if (is_delivered(attempt) || failed_before >= retry_after.size()) return std::nullopt;
    return attempt.tried_at + retry_after[failed_before];
}

asio::awaitable<void> Twin::run_due_work() {
    auto find_clocks = [](sql::Transaction& tx) { return load_moving_clocks(tx); };
    const auto clocks = co_await state_->database.read(find_clocks);
    for (const auto& clock_row : clocks) co_await state_->move_clock(clock_row);

    const auto now = state_->clock.now();
    auto find_accounts = [now](sql::Transaction& tx) { return load_due_accounts(tx, now); };
    const auto accounts = co_await state_->database.read(find_accounts);
    for (const auto& account : accounts) co_await state_->run_engine(account);
}

asio::awaitable<void> Twin::State::move_clock(const MovingClock& clock_row) {
    const auto now = clock.now();
    auto advance = [&](sql::Transaction& tx) {
        Context ctx = context_of(tx, clock_row.account, now);
        auto moved = finish_advance(ctx, clock_row.id);
        ctx.save();
        return moved;
    };
    const auto moved = co_await database.write(advance);
    if (moved) co_return;

    spdlog::error("event=sandbox.clock_failed clock={} what=\"{}\"", clock_row.id,
                  moved.error().message);
    auto give_up = [&](sql::Transaction& tx) {
        Context ctx = context_of(tx, clock_row.account, now);
        auto stopped = fail_advance(ctx, clock_row.id);
        ctx.save();
        return stopped;
    };
    const auto given_up = co_await database.write(give_up);
    if (!given_up) spdlog::error("event=sandbox.clock_stuck clock={}", clock_row.id);
}

asio::awaitable<void> Twin::State::run_engine(const std::string& account) {
    const auto now = clock.now();
    auto step = [&](sql::Transaction& tx) {
        Context ctx = context_of(tx, account, now);
        auto ran = twin::run_engine(ctx, "", now);
        ctx.save();
        return ran;
    };
    const auto ran = co_await database.write(step);
    if (!ran)
        spdlog::error("event=sandbox.billing_failed account={} what=\"{}\"", account,
                      ran.error().message);
}

}  // namespace turnpike::twin
