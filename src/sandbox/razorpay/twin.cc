#include "sandbox/razorpay/twin.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/form.h"
#include "sandbox/razorpay/call.h"
#include "sandbox/razorpay/controls.h"
#include "sandbox/razorpay/customers.h"
#include "sandbox/razorpay/engine.h"
#include "sandbox/razorpay/inspection.h"
#include "sandbox/razorpay/invoices.h"
#include "sandbox/razorpay/pages.h"
#include "sandbox/razorpay/plans.h"
#include "sandbox/razorpay/refund_controls.h"
#include "sandbox/razorpay/subscriptions.h"
#include "sandbox/razorpay/unsupported.h"
#include "sandbox/razorpay/webhooks.h"
#include "sandbox/twin_database.h"

namespace turnpike::twin::razorpay {
namespace {

std::vector<Route> all_routes() {
    std::vector<Route> all;
    for (const auto& routes :
         {plan_routes(), customer_routes(), order_routes(), payment_routes(), refund_routes(),
          invoice_routes(), subscription_routes(), subscription_change_routes(), addon_routes(),
          webhook_routes(), control_routes(), refund_control_routes()})
        all.insert(all.end(), routes.begin(), routes.end());
    return all;
}

http::Response response_of(const CallResult& result) {
    auto response = http::json_response(result.status, visible(result.body));
    if (result.status == 401)
        response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Razorpay\"");
    return response;
}

http::Response response_of(const RazorpayError& error) {
    return response_of(CallResult{.status = error.http_status, .body = error_body(error)});
}

}  // namespace

struct Twin::State {
    Twin& twin;
    const Clock& clock;
    IdSource& ids;
    sql::Database& database;
    std::vector<Route> routes = all_routes();
    http::Router router = router_of(routes);
    MissingOperations missing;
    std::vector<PageRoute> pages = page_routes();
    http::Router page_router = router_of(pages);
    Inspection inspection{[this](sql::Transaction& tx, const std::string& account, Instant now) {
        return context_of(tx, *find_account_by_id(tx, account), now);
    }};

    State(Twin& new_twin, IdSource& new_ids)
        : twin(new_twin), clock(twin.clock()), ids(new_ids), database(twin.database()) {}

    Context context_of(sql::Transaction& tx, Account account, Instant now) {
        Context ctx(tx, std::move(account), now, ids);
        ctx.set_base_url(twin.base_url());
        return ctx;
    }

    asio::awaitable<http::Response> answer(http::Request& request);
    asio::awaitable<CallResult> run(const ApiCall& call);
    asio::awaitable<http::Response> answer_page(http::Request& request, const PageRoute& route);
    asio::awaitable<void> run_account(const std::string& id);
};

Twin::Twin(const Clock& clock, IdSource& ids, std::unique_ptr<sql::Database> database)
    : TwinBase(std::move(database), clock), state_(std::make_unique<State>(*this, ids)) {}
Twin::~Twin() = default;

Result<std::unique_ptr<Twin>> Twin::open(const std::filesystem::path& data_dir, const Clock& clock,
                                         IdSource& ids) {
    auto database = open_twin_database(data_dir / "razorpay.db", migrations(), clock.now());
    if (!database) return failure(database);
    return std::unique_ptr<Twin>(new Twin(clock, ids, *std::move(database)));
}

asio::awaitable<http::Response> Twin::answer(http::Request& request) {
    return state_->answer(request);
}

http::Response Twin::server_error(const http::Request& /*request*/) {
    RazorpayError error;
    error.http_status = 500;
    error.code = "SERVER_ERROR";
    error.description =
        "We are facing some trouble completing your request at the moment. Please "
        "try again shortly.";
    error.source = error.step = error.reason = "NA";
    return response_of(error);
}

Inspected& Twin::inspected() { return state_->inspection; }

http::Response Twin::refused(const http::Request& /*request*/, int status) {
    auto error = bad_request(status == 413 ? "The request body is too large"
                                           : "The request could not be read");
    error.error().http_status = status;
    return response_of(error.error());
}

http::Response Twin::excuse(const http::Request& request, int status) {
    if (status != 429) return server_error(request);
    auto error = bad_request("Request failed. Please try after sometime.");
    error.error().http_status = status;
    return response_of(error.error());
}

/// Razorpay repeats no answers.
void Twin::keep_answer(sql::Transaction& /*tx*/, const http::Request& /*request*/,
                       const http::Response& /*given*/, const http::Response& /*answer*/) {}

asio::awaitable<http::Response> Twin::State::answer(http::Request& request) {
    if (request.method == http::Method::Get && request.path == "/healthz")
        co_return http::text_response(200, "ok\n");
    if (const auto match = page_router.match(request); match.found) {
        auto answering = answer_page(request, pages[match.index]);
        co_return co_await std::move(answering);
    }
    auto call = read_call(request);
    if (!call) co_return response_of(call.error());
    // First: "/v1/payments/downtimes" would be a payment's, too.
    if (const auto refusal = missing.refusal_of(request)) co_return response_of(refusal->error());
    const auto match = router.match(request);
    if (!match.found) co_return response_of(no_such_url().error());
    call->handler = routes[match.index].handler;
    call->path_values = request.path_values;
    call->now = clock.now();
    auto running = run(*call);
    co_return response_of(co_await std::move(running));
}

asio::awaitable<CallResult> Twin::State::run(const ApiCall& call) {
    if (call.method == http::Method::Get) {
        auto look = [&](sql::Transaction& tx) -> std::optional<CallResult> {
            if (!find_account(tx, call.key_id)) return std::nullopt;
            return run_call(tx, call, ids);
        };
        if (auto result = co_await database.read(look)) co_return *std::move(result);
    }
    auto work = [&](sql::Transaction& tx) { return run_call(tx, call, ids); };
    auto result = co_await database.write(work);
    twin.announce_change();
    co_return result;
}

asio::awaitable<http::Response> Twin::State::answer_page(http::Request& request,
                                                         const PageRoute& route) {
    const auto now = clock.now();
    const auto form = decode_form(parameters_of(request));
    const Json parameters = form.value_or(Json::object());
    const auto id = request.path_values.front().second;
    auto work = [&](sql::Transaction& tx) -> std::optional<PageAnswer> {
        const auto owner = find_owner(tx, route.kind, id);
        if (!owner) return std::nullopt;
        Context ctx = context_of(tx, *find_account_by_id(tx, *owner), now);
        PageRequest page{.ctx = ctx,
                         .object = *ctx.find(route.kind, id),
                         .form = Params(parameters),
                         .path = request.path};
        return route.handler(page);
    };
    const auto answer = co_await database.write(work);
    twin.announce_change();
    if (!answer)
        co_return page_response(
            {.status = 404, .html = html_page("No such link", "<h1>There is no such link</h1>")});
    co_return page_response(*answer);
}

asio::awaitable<void> Twin::run_due_work() {
    const auto now = state_->clock.now();
    auto find_accounts = [now](sql::Transaction& tx) { return load_due_accounts(tx, now); };
    const auto accounts = co_await state_->database.read(find_accounts);
    for (const auto& account : accounts) {
        auto running = state_->run_account(account);
        co_await std::move(running);
    }
}

asio::awaitable<void> Twin::State::run_account(const std::string& id) {
    const auto now = clock.now();
    auto step = [&](sql::Transaction& tx) {
        Context ctx = context_of(tx, *find_account_by_id(tx, id), now);
        run_engine(ctx, ctx.now());
        return true;
    };
    co_await database.write(step);
}

std::optional<http::Call> Twin::call_of(sql::Transaction& tx, const Delivery& delivery, Instant now,
                                        const WebhookStyle& style) {
    Context ctx = state_->context_of(tx, *find_account_by_id(tx, delivery.account), now);
    return razorpay::call_of(ctx, delivery, style);
}

std::string Twin::event_type(const Delivery& delivery) {
    return text_of(parse_json(delivery.body).value_or(Json::object()), "event");
}

bool Twin::prune(sql::Transaction& tx, Instant now, PruneWalk& walk) {
    constexpr std::array<std::string_view, 3> kBelongings{"delivery_attempts", "chaos_fates",
                                                          "signatures"};
    return prune_deliveries(tx, now, walk, kBelongings);
}

std::optional<Instant> Twin::retry_at(sql::Transaction& tx, const Delivery& delivery,
                                      const Attempt& attempt) {
    Context ctx =
        state_->context_of(tx, *find_account_by_id(tx, delivery.account), attempt.tried_at);
    return razorpay::retry_at(ctx, delivery, attempt);
}

std::int64_t Twin::resend(sql::Transaction& tx, const EventAddress& event, Instant now) {
    const auto account = find_account_by_id(tx, event.account);
    if (!account) return 0;
    Context ctx = state_->context_of(tx, *account, now);
    return resend_webhooks(ctx, event, now);
}

}  // namespace turnpike::twin::razorpay
