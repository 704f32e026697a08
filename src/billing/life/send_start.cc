#include <utility>

#include "billing/life/carry_out.h"
#include "billing/provider/provider_objects.h"

namespace turnpike {
asio::awaitable<Result<ProviderSubscription>> send_start(BillingContext& billing,
                                                         const Requested& requested) {
    const auto& subscription = requested.subscription;
    const auto customer = co_await ensure_provider_customer(billing, subscription.customer);
    if (!customer) co_return failure(customer);
    const auto price = co_await ensure_provider_price(billing, *requested.command.price);
    if (!price) co_return failure(price);
    const std::string root = "subscription:" + subscription.id.text();
    const bool is_trial = requested.command.at.has_value();
    BringCard bring{.customer = *customer,
                    .method = requested.command.payment_method,
                    .obligation = root + ":attach",
                    .attempt = requested.attempt,
                    .needed = is_trial ? BringCard::Needed::Later : BringCard::Needed::Now};
    const auto card = co_await attach_brought_card(billing, std::move(bring));
    if (!card) co_return failure(card);
    NewSubscription request{
        .subscription = subscription.id,
        .obligation = root + ":start",
        .customer = *customer,
        .price = *price,
        .payment_method = card->method,
        .quantity = requested.command.quantity.value_or(1),
        .trial_end = requested.command.at,
        .trial_end_behavior = requested.command.behavior.value_or(""),
        .first_payment = requested.command.first_payment_may_wait ? FirstPayment::MayWait
                                                                  : FirstPayment::OrNothing,
    };
    auto started = co_await billing.provider.start_subscription(std::move(request));
    // Neither failure below undoes the start: the subscription is charged to its own card, and a
    // refused card that stays on file is charged for nothing.
    if (started && !card->method.empty())
        (void)co_await billing.provider.set_default_payment_method(root + ":default", *customer,
                                                                   card->method);
    if (!started && !card->was_on_file && !is_open(started.error(), requested.attempt))
        (void)co_await billing.provider.detach_payment_method(root + ":detach", card->method);
    co_return started;
}

}  // namespace turnpike
