#include <utility>

#include "payments/errors.h"
#include "payments/reply_reader.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/subscription_writes.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

/// A subscription that was incomplete when it was canceled is incomplete_expired.
bool has_ended(const Json& subscription) {
    const auto status = subscription.find("status");
    return status != subscription.end() &&
           (*status == "canceled" || *status == "incomplete_expired");
}

void add_why(Form& form, const SubscriptionCancel& request) {
    if (request.comment) form.add("cancellation_details[comment]", *request.comment);
    if (request.feedback) form.add("cancellation_details[feedback]", *request.feedback);
}

/// The schedule that manages the subscription keeps the card that this had when it was made, and
/// would have that one charged again from its next phase on.
asio::awaitable<Result<std::monostate>> charge_schedule_with(StripeExchange& exchange,
                                                             std::string obligation,
                                                             std::string subscription,
                                                             std::string payment_method) {
    const auto object = co_await exchange.get("/v1/subscriptions/" + subscription);
    if (!object) co_return failure(object);
    const auto schedule = ReplyReader(*object, "subscription").maybe_reference("schedule");
    if (!schedule) co_return std::monostate{};
    const auto id = path_segment(*schedule, no_such("subscription schedule"));
    if (!id) co_return failure(id);
    Form form;
    form.add("default_settings[default_payment_method]", payment_method);
    obligation += ":schedule:" + *id;
    form.add_metadata(last_change(obligation));
    Write write{.obligation = std::move(obligation),
                .path = "/v1/subscription_schedules/" + *id,
                .parameters = form.text()};
    const auto changed = co_await exchange.write(std::move(write));
    if (!changed) co_return failure(changed);
    co_return std::monostate{};
}

}  // namespace

asio::awaitable<Result<ProviderSubscription>> write_subscription(StripeExchange& exchange,
                                                                 Write write) {
    const auto object = co_await exchange.write_afresh(std::move(write), "/v1/subscriptions");
    if (!object) co_return failure(object);
    co_return read_subscription(*object);
}

std::map<std::string, std::string> last_change(const std::string& obligation) {
    return {{std::string(kLastChangeKey), obligation}};
}

asio::awaitable<Result<ProviderSubscription>> Provider::start_subscription(
    NewSubscription request) {
    Form form;
    form.add("customer", request.customer)
        .add("items[0][price]", request.price)
        .add("items[0][quantity]", request.quantity)
        .add("payment_behavior", request.first_payment == FirstPayment::OrNothing
                                     ? "error_if_incomplete"
                                     : "allow_incomplete");
    if (request.trial_end)
        form.add("trial_end", unix_seconds(*request.trial_end))
            .add("trial_settings[end_behavior][missing_payment_method]",
                 request.trial_end_behavior);
    if (!request.payment_method.empty()) form.add("default_payment_method", request.payment_method);
    if (request.begins_at)
        form.add("trial_end", std::to_string(unix_seconds(*request.begins_at)))
            .add("proration_behavior", "none");
    form.add_metadata({{std::string(kObligationKey), request.obligation},
                       {"turnpike_subscription", request.subscription.text()}});
    Write write{.obligation = std::move(request.obligation),
                .path = "/v1/subscriptions",
                .parameters = form.text()};
    co_return co_await write_subscription(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderSubscription>> Provider::change_subscription(
    SubscriptionChange request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const std::string obligation = request.obligation;
    const std::string price = request.price;
    const std::int64_t quantity = request.quantity;
    const bool at_once = request.billing == ProrationBilling::Now;
    Form form;
    form.add("items[0][id]", request.item)
        .add("items[0][price]", request.price)
        .add("items[0][quantity]", request.quantity)
        .add("proration_behavior", at_once ? "always_invoice" : "create_prorations");
    if (request.proration_date) form.add("proration_date", unix_seconds(*request.proration_date));
    // Stripe takes no metadata with an update that may wait.
    if (request.payment == FirstPayment::MayWait)
        form.add("payment_behavior", "pending_if_incomplete");
    else
        form.add("payment_behavior", "error_if_incomplete")
            .add_metadata(last_change(request.obligation));
    Write write{.obligation = std::move(request.obligation),
                .path = "/v1/subscriptions/" + *id,
                .parameters = form.text()};
    auto changed = co_await write_subscription(*exchange_, std::move(write));
    if (!changed || !changed->has_unread_plan) co_return changed;
    // Only now, so that a declined change, or one that waits for its payment, leaves what was
    // planned.
    if (changed->price != price || changed->quantity != quantity) co_return changed;
    const auto dropped = co_await release_schedule(*exchange_, obligation, *id);
    if (dropped || !may_succeed_later(dropped.error())) co_return changed;
    co_return outcome_unknown(kProviderName, "it was changed, and what was planned stands still",
                              dropped.error().retry_after_s);
}

asio::awaitable<Result<ProviderSubscription>> Provider::cancel_subscription(
    SubscriptionCancel request) {
    const auto id = path_segment(request.subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    const std::string path = "/v1/subscriptions/" + *id;
    Form form;
    if (request.when == CancelWhen::Now) {
        form.add("invoice_now", "false").add("prorate", "false");
        add_why(form, request);
        // DELETE knows no idempotency key: a repeat finds nothing to cancel, and that is success.
        Write write{.obligation = std::move(request.obligation),
                    .path = path,
                    .parameters = form.text(),
                    .method = http::Method::Delete,
                    .done_path = path,
                    .is_done = has_ended};
        co_return co_await write_subscription(*exchange_, std::move(write));
    }
    if (request.when != CancelWhen::Never) {
        const auto dropped = co_await release_schedule(*exchange_, request.obligation, *id);
        if (!dropped) co_return failure(dropped);
    }
    // What is paid for stays paid for: the customer leaves earlier than he need.
    if (request.when == CancelWhen::OnDate)
        form.add("cancel_at", unix_seconds(*request.at)).add("proration_behavior", "none");
    else
        form.add("cancel_at_period_end",
                 request.when == CancelWhen::AtPeriodEnd ? "true" : "false");
    add_why(form, request);
    form.add_metadata(last_change(request.obligation));
    Write write{.obligation = request.obligation, .path = path, .parameters = form.text()};
    auto changed = co_await write_subscription(*exchange_, std::move(write));
    if (!changed || request.when != CancelWhen::Never || !changed->cancel_at) co_return changed;

    // Stripe's portal may have set a date instead of the flag; keeping means removing both.
    Form undated;
    undated.add("cancel_at", "").add_metadata(last_change(request.obligation + ":date"));
    Write remove{
        .obligation = request.obligation + ":date", .path = path, .parameters = undated.text()};
    co_return co_await write_subscription(*exchange_, std::move(remove));
}

asio::awaitable<Result<ProviderSubscription>> Provider::charge_subscription_with(
    std::string obligation, std::string subscription, std::string payment_method) {
    const auto id = path_segment(subscription, no_such("subscription"));
    if (!id) co_return failure(id);
    Form form;
    form.add("default_payment_method", payment_method).add_metadata(last_change(obligation));
    Write write{.obligation = obligation,
                .path = "/v1/subscriptions/" + *id,
                .parameters = form.text(),
                .subject = RefusedSubject::PaymentMethod};
    auto changed = co_await write_subscription(*exchange_, std::move(write));
    if (!changed || !changed->has_unread_plan) co_return changed;
    const auto planned = co_await charge_schedule_with(*exchange_, std::move(obligation), *id,
                                                       std::move(payment_method));
    if (planned || !may_succeed_later(planned.error())) co_return changed;
    co_return outcome_unknown(kProviderName, "the card is chosen, and not yet for what is planned",
                              planned.error().retry_after_s);
}

}  // namespace turnpike::stripe
