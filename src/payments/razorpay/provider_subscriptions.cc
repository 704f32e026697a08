#include <chrono>
#include <utility>

#include "json/value.h"
#include "payments/errors.h"
#include "payments/razorpay/exchange.h"
#include "payments/razorpay/intervals.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/planned_end.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"
#include "payments/razorpay/subscription_writes.h"
#include "payments/razorpay/translate.h"

namespace turnpike::razorpay {
namespace {

/// How many cycles a new subscription is asked for. Whoever repeats a start means the first one.
asio::awaitable<Result<std::int64_t>> cycles_of_start(RazorpayExchange& exchange,
                                                      std::string obligation, std::string plan) {
    const auto known = co_await exchange.world().db.read(
        [&](sql::Transaction& tx) { return find_intent(tx, kProviderName, obligation); });
    if (known) {
        const auto body = parse_json(known->body);
        co_return body ? body->value("total_count", std::int64_t{0}) : 0;
    }
    const auto rhythm = co_await rhythm_of_plan(exchange, std::move(plan));
    if (!rhythm) co_return failure(rhythm);
    co_return cycles_ahead(*rhythm);
}

}  // namespace

std::string subscription_path(const std::string& id) {
    return std::string(kSubscriptions) + "/" + id;
}
/// How long before its begin a subscription must have been authorised: time enough to hear of it.
constexpr std::chrono::hours kAuthorizedBefore{1};

asio::awaitable<Result<ProviderSubscription>> write_subscription(RazorpayExchange& exchange,
                                                                 Write write) {
    const auto object =
        co_await exchange.write_afresh(std::move(write), std::string(kSubscriptions));
    if (!object) co_return failure(object);
    co_return read_subscription(*object);
}

asio::awaitable<Result<PlanRhythm>> rhythm_of_plan(RazorpayExchange& exchange, std::string plan) {
    const auto id = path_segment(plan, no_such("price"));
    if (!id) co_return failure(id);
    const auto object = co_await exchange.get(std::string(kPlans) + "/" + *id);
    if (!object) co_return failure(object);
    co_return read_rhythm(*object);
}

bool has_fixed_mandate(const Json& subscription) {
    const auto method = text_member(subscription, "payment_method");
    return !method.empty() && method != "card";
}

asio::awaitable<Result<ProviderSubscription>> Provider::start_subscription(
    NewSubscription request) {
    if (!request.payment_method.empty()) co_return std::unexpected(method_needs_authorization());
    const auto cycles = co_await cycles_of_start(*exchange_, request.obligation, request.price);
    if (!cycles) co_return failure(cycles);
    Json body{{"plan_id", request.price},
              {"total_count", *cycles},
              {"quantity", request.quantity},
              {"notes",
               notes_of(request.obligation, {{"turnpike_subscription", request.subscription.text()},
                                             {std::string(kCustomerNote), request.customer}})}};
    if (request.trial_end) {
        body["start_at"] = unix_seconds(*request.trial_end);
        body["notes"][std::string(kTrialNote)] = "yes";
    }
    if (request.begins_at) {
        body["start_at"] = unix_seconds(*request.begins_at);
        body["expire_by"] = unix_seconds(*request.begins_at - kAuthorizedBefore);
    }
    Write write{.obligation = std::move(request.obligation),
                .path = std::string(kSubscriptions),
                .parameters = to_text(body),
                .repeat = Repeat::NeverTwice};
    auto started = co_await write_subscription(*exchange_, std::move(write));
    if (!started) co_return failure(started);
    co_return co_await with_planned_end(*exchange_, *std::move(started));
}

asio::awaitable<Result<ProviderSubscription>> Provider::change_subscription(
    SubscriptionChange request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const auto before = co_await exchange_->get(subscription_path(*id));
    if (!before) co_return failure(before);
    const std::string obligation = request.obligation;
    const bool is_done = sells(*before, request.price, request.quantity);
    if (!is_done && has_fixed_mandate(*before)) co_return std::unexpected(mandate_is_fixed());
    auto known = read_subscription(*before);
    if (!known) co_return failure(known);
    const auto running = co_await with_planned_end(*exchange_, *std::move(known));
    if (is_done) {
        const auto dropped = co_await drop_scheduled(*exchange_, request.obligation, *before);
        if (!dropped) co_return failure(dropped);
        co_return running;
    }
    const auto rhythm = co_await rhythm_of_plan(*exchange_, request.price);
    if (!rhythm) co_return failure(rhythm);
    if (running.cancel_at_period_end) {
        // Another rhythm would begin a new cycle, with an end that nobody asked for.
        const auto old = co_await rhythm_of_plan(*exchange_, running.price);
        if (!old) co_return failure(old);
        if (*old != *rhythm) co_return std::unexpected(cancellation_is_final());
    }
    const Json body{{"plan_id", request.price},
                    {"quantity", request.quantity},
                    {"schedule_change_at", "now"},
                    {"remaining_count", cycles_ahead(*rhythm)}};
    Write write{.obligation = std::move(request.obligation),
                .path = subscription_path(*id),
                .parameters = to_text(body),
                .method = http::Method::Patch,
                .repeat = Repeat::NeverTwice};
    auto changed = co_await write_subscription(*exchange_, std::move(write));
    if (!changed) co_return failure(changed);
    // Only now, so that a declined change leaves what was planned.
    const auto dropped = co_await drop_scheduled(*exchange_, obligation, *before);
    if (!dropped && may_succeed_later(dropped.error()))
        co_return outcome_unknown(kProviderName,
                                  "it was changed, and what was planned stands still",
                                  dropped.error().retry_after_s);
    co_return co_await with_planned_end(*exchange_, *std::move(changed));
}

asio::awaitable<Result<ProviderSubscription>> Provider::cancel_subscription(
    SubscriptionCancel request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    if (request.when == CancelWhen::Now) {
        // A repeat finds nothing to cancel, and that is success.
        Write write{.obligation = std::move(request.obligation),
                    .path = subscription_path(*id) + "/cancel",
                    .parameters = "",
                    .done_path = subscription_path(*id),
                    .is_done = is_ended};
        co_return co_await write_subscription(*exchange_, std::move(write));
    }
    if (request.when == CancelWhen::OnDate) co_return std::unexpected(no_dated_end());
    if (request.when == CancelWhen::AtPeriodEnd) {
        const auto before = co_await exchange_->get(subscription_path(*id));
        if (!before) co_return failure(before);
        const auto dropped = co_await drop_scheduled(*exchange_, request.obligation, *before);
        if (!dropped) co_return failure(dropped);
        co_return co_await end_at_cycle_end(*id);
    }
    const auto now = co_await get_subscription(*id);
    if (now && now->cancel_at_period_end) co_return std::unexpected(cancellation_is_final());
    co_return now;
}

asio::awaitable<Result<ProviderSubscription>> Provider::end_at_cycle_end(std::string id) {
    const auto before = co_await get_subscription(id);
    if (!before || before->ended_at || before->cancel_at_period_end) co_return before;
    const bool runs =
        before->status == "active" || before->status == "past_due" || before->status == "unpaid";
    if (!runs) co_return std::unexpected(no_running_cycle());
    Write write{.obligation = end_obligation(id, before->period.end),
                .path = subscription_path(id) + "/cancel",
                .parameters = to_text(Json{{"cancel_at_cycle_end", 1}}),
                .done_path = subscription_path(id),
                .is_done = is_ended};
    auto ended = co_await write_subscription(*exchange_, std::move(write));
    if (!ended) co_return failure(ended);
    co_return co_await with_planned_end(*exchange_, *std::move(ended));
}

}  // namespace turnpike::razorpay
