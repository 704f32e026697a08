#include <utility>

#include "payments/razorpay/planned_end.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"
#include "payments/razorpay/subscription_writes.h"
#include "payments/razorpay/translate.h"
#include "payments/reply_reader.h"

/// Changes at the end of a cycle, trials and pauses.
namespace turnpike::razorpay {
namespace {

bool has_scheduled(const Json& subscription) {
    return ReplyReader(subscription, "subscription").flag("has_scheduled_changes");
}

bool has_none_scheduled(const Json& subscription) { return !has_scheduled(subscription); }

bool is_paused_there(const Json& subscription) {
    return text_member(subscription, "status") == "paused";
}

bool is_active_there(const Json& subscription) {
    return text_member(subscription, "status") == "active";
}

}  // namespace

bool sells(const Json& subscription, const std::string& plan, std::int64_t quantity) {
    ReplyReader fields(subscription, "subscription");
    return text_member(subscription, "plan_id") == plan &&
           fields.maybe_integer("quantity").value_or(1) == quantity;
}

asio::awaitable<Result<std::monostate>> drop_scheduled(RazorpayExchange& exchange,
                                                       std::string obligation, Json subscription) {
    if (!has_scheduled(subscription)) co_return std::monostate{};
    const auto path = subscription_path(text_member(subscription, "id"));
    Write write{.obligation = std::move(obligation) + ":unschedule",
                .path = path + "/cancel_scheduled_changes",
                .parameters = "{}",
                .done_path = path,
                .is_done = has_none_scheduled};
    const auto dropped = co_await exchange.write(std::move(write));
    if (!dropped) co_return failure(dropped);
    co_return std::monostate{};
}

asio::awaitable<Result<ProviderSubscription>> with_planned_change(
    RazorpayExchange& exchange, ProviderSubscription subscription) {
    if (!subscription.has_unread_plan) co_return subscription;
    const auto object =
        co_await exchange.get(subscription_path(subscription.id) + "/retrieve_scheduled_changes");
    if (!object && object.error().code == ErrorCode::Unavailable) co_return failure(object);
    if (!object) co_return subscription;  // it has come, or was taken back, in between
    ReplyReader fields(*object, "scheduled_changes");
    subscription.planned =
        ProviderPlannedChange{fields.text("plan_id"), fields.maybe_integer("quantity").value_or(1),
                              subscription.period.end};
    subscription.has_unread_plan = false;
    co_return fields.finish(std::move(subscription));
}

asio::awaitable<Result<ProviderSubscription>> Provider::plan_change(SubscriptionPlan request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const auto before = co_await exchange_->get(subscription_path(*id));
    if (!before) co_return failure(before);
    if (has_fixed_mandate(*before)) co_return std::unexpected(mandate_is_fixed());
    auto known = read_subscription(*before);
    if (!known) co_return failure(known);
    const auto running = co_await with_planned_end(*exchange_, *std::move(known));
    if (running.cancel_at_period_end) co_return std::unexpected(cancellation_is_final());
    const auto rhythm = co_await rhythm_of_plan(*exchange_, request.price);
    if (!rhythm) co_return failure(rhythm);
    const Json body{{"plan_id", request.price},
                    {"quantity", request.quantity},
                    {"schedule_change_at", "cycle_end"},
                    {"remaining_count", cycles_ahead(*rhythm)}};
    // What is scheduled twice is scheduled once.
    Write write{.obligation = std::move(request.obligation),
                .path = subscription_path(*id),
                .parameters = to_text(body),
                .method = http::Method::Patch};
    const auto planned = co_await write_subscription(*exchange_, std::move(write));
    if (!planned) co_return failure(planned);
    co_return co_await with_planned_change(*exchange_, *planned);
}

asio::awaitable<Result<ProviderSubscription>> Provider::drop_planned_change(
    std::string obligation, std::string subscription) {
    const auto id = path_segment(subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const auto before = co_await exchange_->get(subscription_path(*id));
    if (!before) co_return failure(before);
    const auto dropped = co_await drop_scheduled(*exchange_, std::move(obligation), *before);
    if (!dropped) co_return failure(dropped);
    co_return co_await get_subscription(*id);
}

Result<std::monostate> Provider::check_ability(Ability ability) const {
    switch (ability) {
        case Ability::TrialEndBehaviors: return std::unexpected(trial_needs_authorization());
        case Ability::EndTrialNow: return std::unexpected(trial_cannot_end_now());
        case Ability::EndOnDate: return std::unexpected(no_dated_end());
        case Ability::TakeBackEnd: return std::unexpected(cancellation_is_final());
        case Ability::PauseWithInvoices: return std::unexpected(pause_makes_no_invoices());
        case Ability::ResumeOnDate: return std::unexpected(no_dated_resumption());
        case Ability::ListDisputes: return std::unexpected(no_dispute_list());
    }
    return std::monostate{};
}

asio::awaitable<Result<ProviderSubscription>> Provider::end_trial(TrialEnd request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    if (!request.at) co_return std::unexpected(trial_cannot_end_now());
    const Json body{{"start_at", unix_seconds(*request.at)}};
    Write write{.obligation = std::move(request.obligation),
                .path = subscription_path(*id),
                .parameters = to_text(body),
                .method = http::Method::Patch};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderSubscription>> Provider::pause_subscription(
    SubscriptionPause request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    if (request.pause.behavior != "void") co_return std::unexpected(pause_makes_no_invoices());
    if (request.pause.resumes_at) co_return std::unexpected(no_dated_resumption());
    Write write{.obligation = std::move(request.obligation),
                .path = subscription_path(*id) + "/pause",
                .parameters = to_text(Json{{"pause_at", "now"}}),
                .done_path = subscription_path(*id),
                .is_done = is_paused_there};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderSubscription>> Provider::resume_subscription(
    std::string obligation, std::string subscription) {
    const auto id = path_segment(subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    Write write{.obligation = std::move(obligation),
                .path = subscription_path(*id) + "/resume",
                .parameters = to_text(Json{{"resume_at", "now"}}),
                .done_path = subscription_path(*id),
                .is_done = is_active_there};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

}  // namespace turnpike::razorpay
