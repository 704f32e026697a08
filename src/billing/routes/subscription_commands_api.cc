#include <utility>

#include "audit/authority.h"
#include "billing/life/chosen_provider.h"
#include "billing/life/commands.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/provider/customer_time.h"
#include "billing/routes/api.h"
#include "billing/routes/price_of_change.h"
#include "billing/routes/provider_move_wire.h"
#include "billing/routes/subscription_bodies.h"
#include "billing/telling/next_action.h"
#include "billing/telling/shown_subscription.h"
#include "customers/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

/// The handlers of one subscription: what may be asked of it, and how it is shown.
namespace turnpike {
namespace {

Result<SubscriptionId> named_subscription(const http::Request& request) {
    const auto id = SubscriptionId::parse(request.path_value("subscription"));
    if (!id) return not_found("subscription.not_found", "there is no such subscription");
    return *id;
}

}  // namespace

BillingApi::Answer BillingApi::answer_with(int status, Result<Subscription> subscription) {
    if (!subscription) co_return failure(subscription);
    const auto body = co_await billing.db.read([&](sql::Transaction& tx) -> Result<Json> {
        const auto shown = show_subscription(tx, *subscription, billing.clock.now());
        if (!shown) return failure(shown);
        Json written = write_subscription(*shown);
        const auto page = payment_page_of(tx, *subscription);
        const auto move = find_open_move(tx, subscription->id);
        written["move"] = move ? write_move(*move) : Json();
        written["next_action"] = page ? Json{{"type", "pay_invoice"}, {"url", *page}} : Json();
        return written;
    });
    if (!body) co_return failure(body);
    co_return http::json_response(status, *body);
}

// GET /v1/subscriptions/{subscription}
BillingApi::Answer BillingApi::get_subscription(const Principal& /*caller*/,
                                                const http::Request& request) {
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    auto subscription =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_subscription(tx, *id); });
    co_return co_await answer_with(200, std::move(subscription));
}

// POST /v1/subscriptions
BillingApi::Answer BillingApi::post_subscription(const Principal& caller,
                                                 const http::Request& request) {
    const auto body = read_new_subscription(request);
    if (!body) co_return failure(body);
    const auto customer = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_customer(tx, body->customer); });
    if (!customer) co_return failure(customer);
    const auto context = body->provider ? billing.of(*body->provider)
                                        : co_await context_of_customer(billing, customer->id);
    if (!context) co_return failure(context);
    const auto on_sale = co_await catalog_on_sale(billing.primary());
    const auto sold = find_offer(*on_sale, customer->catalog, body->offer);
    if (!sold) co_return failure(sold);
    const Instant now = co_await billing.db.read(
        [&](sql::Transaction& tx) { return customer_time(tx, customer->id, billing.clock.now()); });
    StartRequest start{.customer = customer->id,
                       .plan_version = sold->plan_version,
                       .price = sold->price,
                       .payment_method = body->payment_method,
                       .authority = authority_of(caller, request),
                       .quantity = body->quantity,
                       .trial = trial_of(body->trial, now),
                       .first_payment = body->first_payment};
    auto started = co_await start_subscription_at(billing, **context, std::move(start));
    if (!started) started = std::unexpected(advice_on_start(started.error(), {"payment_method"}));
    co_return co_await answer_with(201, std::move(started));
}

// POST /v1/subscriptions/{subscription}/change
BillingApi::Answer BillingApi::post_change(const Principal& caller, const http::Request& request) {
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto body = read_change(request, HeldToPreview::IfNamed);
    if (!body) co_return failure(body);
    const auto catalog = co_await catalog_on_sale(billing.primary());
    const auto price = co_await billing.db.read(
        [&](sql::Transaction& tx) { return price_of_change(tx, *catalog, *id, *body); });
    if (!price) co_return failure(price);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    ChangeRequest change{.subscription = *id,
                         .price = *price,
                         .authority = authority_of(caller, request),
                         .quantity = body->quantity,
                         .when = body->when,
                         .preview = body->preview};
    auto changed = co_await change_subscription(**context, std::move(change));
    co_return co_await answer_with(200, std::move(changed));
}

// POST /v1/subscriptions/{subscription}/cancel_pending_change
BillingApi::Answer BillingApi::post_cancel_pending_change(const Principal& caller,
                                                          const http::Request& request) {
    co_return co_await ask_plainly(caller, request, drop_pending_change);
}

// POST /v1/subscriptions/{subscription}/cancel
BillingApi::Answer BillingApi::post_cancel(const Principal& caller, const http::Request& request) {
    const auto body = read_cancel(request);
    if (!body) co_return failure(body);
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    CancelRequest cancel{.subscription = *id,
                         .when = body->when,
                         .authority = authority_of(caller, request),
                         .at = body->at,
                         .comment = body->comment,
                         .feedback = body->feedback};
    auto canceled = co_await cancel_subscription(**context, std::move(cancel));
    co_return co_await answer_with(200, std::move(canceled));
}

// POST /v1/subscriptions/{subscription}/keep
BillingApi::Answer BillingApi::post_keep(const Principal& caller, const http::Request& request) {
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    CancelRequest keep{
        .subscription = *id, .when = CancelWhen::Never, .authority = authority_of(caller, request)};
    auto kept = co_await cancel_subscription(**context, std::move(keep));
    co_return co_await answer_with(200, std::move(kept));
}

// POST /v1/subscriptions/{subscription}/pause
BillingApi::Answer BillingApi::post_pause(const Principal& caller, const http::Request& request) {
    const auto pause = read_pause(request);
    if (!pause) co_return failure(pause);
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    PauseRequest wanted{*id, *pause, authority_of(caller, request)};
    auto paused = co_await pause_subscription(**context, std::move(wanted));
    co_return co_await answer_with(200, std::move(paused));
}

// POST /v1/subscriptions/{subscription}/resume
BillingApi::Answer BillingApi::post_resume(const Principal& caller, const http::Request& request) {
    co_return co_await ask_plainly(caller, request, resume_subscription);
}

// POST /v1/subscriptions/{subscription}/end_trial
BillingApi::Answer BillingApi::post_end_trial(const Principal& caller,
                                              const http::Request& request) {
    const auto at = read_trial_end(request);
    if (!at) co_return failure(at);
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    EndTrialRequest wanted{*id, *at, authority_of(caller, request)};
    auto ended = co_await end_trial(**context, std::move(wanted));
    co_return co_await answer_with(200, std::move(ended));
}

// POST /v1/subscriptions/{subscription}/reactivate
BillingApi::Answer BillingApi::post_reactivate(const Principal& caller,
                                               const http::Request& request) {
    const auto method = read_reactivation(request);
    if (!method) co_return failure(method);
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    ReactivateRequest wanted{*id, *method, authority_of(caller, request)};
    auto active = co_await reactivate_subscription_at(billing, **context, std::move(wanted));
    const bool is_new = active && active->id != *id;
    co_return co_await answer_with(is_new ? 201 : 200, std::move(active));
}

BillingApi::Answer BillingApi::ask_plainly(const Principal& caller, const http::Request& request,
                                           PlainCommand command) {
    const auto id = named_subscription(request);
    if (!id) co_return failure(id);
    const auto context = co_await context_of_subscription(billing, *id);
    if (!context) co_return failure(context);
    SubscriptionWish wish{*id, authority_of(caller, request)};
    auto done = co_await command(**context, std::move(wish));
    co_return co_await answer_with(200, std::move(done));
}

}  // namespace turnpike
