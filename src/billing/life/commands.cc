#include "billing/life/commands.h"

#include <utility>

#include "billing/life/carry_out.h"
#include "billing/life/checkout.h"
#include "billing/life/wish.h"
#include "billing/provider/catalog_on_sale.h"
#include "billing/provider/payment_methods.h"
#include "billing/records/begun_command.h"
#include "catalog/service.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

asio::awaitable<Result<Subscription>> meet(BillingContext& billing, Demanded demanded) {
    if (!demanded.command) co_return std::move(demanded.subscription);
    Requested requested{std::move(demanded.subscription), *std::move(demanded.command),
                        demanded.attempt};
    co_return co_await carry_out(billing, std::move(requested));
}

asio::awaitable<Result<Subscription>> ask_running(BillingContext& billing, Wish wish) {
    auto demanded = co_await billing.db.write(
        [&](sql::Transaction& tx) { return request_on_running(tx, billing, wish); });
    if (!demanded) co_return failure(demanded);
    co_return co_await meet(billing, *std::move(demanded));
}

CommandKind kind_of(CancelWhen when) {
    switch (when) {
        case CancelWhen::Now: return CommandKind::CancelNow;
        case CancelWhen::AtPeriodEnd: return CommandKind::CancelAtPeriodEnd;
        case CancelWhen::OnDate: return CommandKind::CancelAt;
        case CancelWhen::Never: return CommandKind::Keep;
    }
    return CommandKind::Keep;
}

/// What an ended subscription was, as it is sold now. Errors: Conflict "billing.plan_gone".
Result<StartRequest> start_anew(sql::Transaction& tx, const Catalog& catalog,
                                const Subscription& ended, const ReactivateRequest& request) {
    const auto version = load_plan_version(tx, ended.plan_version);
    if (!version) return failure(version);
    const auto sold = load_price(tx, ended.price);
    if (!sold) return failure(sold);
    const auto* plan = catalog.plan(version->catalog, version->key);
    const auto* price =
        plan == nullptr ? nullptr : plan->price(sold->amount.currency(), sold->recurrence);
    if (price == nullptr)
        return conflict("billing.plan_gone",
                        "the plan is not sold any more as it was; start a subscription to another");
    return StartRequest{.customer = ended.customer,
                        .plan_version = plan->id,
                        .price = price->id,
                        .payment_method = request.payment_method,
                        .authority = request.authority,
                        .quantity = ended.quantity};
}

}  // namespace

asio::awaitable<Result<Subscription>> start_subscription(BillingContext& billing,
                                                         StartRequest request) {
    if (request.payment_method) {
        const auto possible = check_method_id(*request.payment_method);
        if (!possible) co_return failure(possible);
    }
    const auto left = co_await leave_checkout(billing, request.customer, request.authority);
    if (!left) co_return failure(left);
    auto demanded = co_await billing.db.write(
        [&](sql::Transaction& tx) { return request_start(tx, billing, request); });
    if (!demanded) co_return failure(demanded);
    co_return co_await meet(billing, *std::move(demanded));
}

asio::awaitable<Result<Subscription>> change_subscription(BillingContext& billing,
                                                          ChangeRequest request) {
    // What this very request has begun before has used its preview then.
    const bool has_begun = request.preview && co_await billing.db.read([&](sql::Transaction& tx) {
        return begun_command(tx, request.authority, CommandKind::Change).has_value();
    });
    if (request.preview && !has_begun) {
        if (request.when == ChangeWhen::ByDirection) request.when = ChangeWhen::Now;
        PreviewedChange change{request.subscription, request.price, request.quantity};
        const auto holds = co_await check_preview(billing, *request.preview, std::move(change));
        if (!holds) co_return failure(holds);
    }
    Wish wish = new_wish(request.subscription, CommandKind::Change, request.authority);
    wish.command.price = std::move(request.price);
    wish.command.quantity = request.quantity;
    wish.when = request.when;
    wish.preview = std::move(request.preview);
    co_return co_await ask_running(billing, std::move(wish));
}

asio::awaitable<Result<Subscription>> drop_pending_change(BillingContext& billing,
                                                          SubscriptionWish request) {
    Wish wish = new_wish(request.subscription, CommandKind::DropChange, request.authority);
    co_return co_await ask_running(billing, std::move(wish));
}

asio::awaitable<Result<Subscription>> cancel_subscription(BillingContext& billing,
                                                          CancelRequest request) {
    Wish wish = new_wish(request.subscription, kind_of(request.when), request.authority);
    wish.command.at = request.at;
    wish.command.comment = std::move(request.comment);
    wish.command.feedback = std::move(request.feedback);
    co_return co_await ask_running(billing, std::move(wish));
}

asio::awaitable<Result<Subscription>> pause_subscription(BillingContext& billing,
                                                         PauseRequest request) {
    Wish wish = new_wish(request.subscription, CommandKind::Pause, request.authority);
    wish.command.behavior = std::string(to_text(request.pause.behavior));
    wish.command.at = request.pause.resumes_at;
    co_return co_await ask_running(billing, std::move(wish));
}

asio::awaitable<Result<Subscription>> resume_subscription(BillingContext& billing,
                                                          SubscriptionWish request) {
    Wish wish = new_wish(request.subscription, CommandKind::Resume, request.authority);
    co_return co_await ask_running(billing, std::move(wish));
}

asio::awaitable<Result<Subscription>> end_trial(BillingContext& billing, EndTrialRequest request) {
    Wish wish = new_wish(request.subscription, CommandKind::EndTrial, request.authority);
    wish.command.at = request.at;
    co_return co_await ask_running(billing, std::move(wish));
}

asio::awaitable<Result<Subscription>> reactivate_subscription(BillingContext& billing,
                                                              ReactivateRequest request) {
    const auto subscription = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, request.subscription); });
    if (!subscription) co_return failure(subscription);
    if (!subscription->ended_at) {
        Wish wish = new_wish(request.subscription, CommandKind::Keep, request.authority);
        co_return co_await ask_running(billing, std::move(wish));
    }
    const auto catalog = co_await catalog_on_sale(billing);
    auto start = co_await billing.db.read(
        [&](sql::Transaction& tx) { return start_anew(tx, *catalog, *subscription, request); });
    if (!start) co_return failure(start);
    co_return co_await start_subscription(billing, *std::move(start));
}

asio::awaitable<Result<Subscription>> resume_command(BillingContext& billing,
                                                     SubscriptionCommand command) {
    auto subscription = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, command.subscription); });
    if (!subscription) co_return failure(subscription);
    Requested requested{*std::move(subscription), std::move(command), Attempt::Again};
    co_return co_await carry_out(billing, std::move(requested));
}

}  // namespace turnpike
