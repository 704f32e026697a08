#include <algorithm>
#include <utility>

#include "billing/carry_out.h"
#include "billing/provider_objects.h"

namespace turnpike {
namespace {

/// A card that the command brings along.
struct BroughtCard {
    std::string method;  ///< provider's id; "" when the command names none
    bool was_on_file = true;
};

asio::awaitable<Result<BroughtCard>> attach_brought_card(BillingContext& billing,
                                                         const std::string& customer,
                                                         const Requested& requested) {
    const auto& named = requested.command.payment_method;
    // What is on file says something at the first run only. A later one may find the card that the
    // first has attached, or miss the card that the first was charged to.
    bool was_on_file = true;
    if (requested.attempt == Attempt::First) {
        const auto before = co_await billing.provider.list_payment_methods(customer);
        if (!before) co_return failure(before);
        const bool must_pay = !requested.command.at;  // no trial
        if (must_pay && !named && std::ranges::none_of(*before, &PaymentMethodOnFile::is_default))
            co_return invalid_argument("payment.method_required",
                                       "there is no card to charge: send payment_method_id, or "
                                       "make a card the default first");
        was_on_file =
            named && std::ranges::find(*before, *named, &PaymentMethodOnFile::id) != before->end();
    }
    if (!named) co_return BroughtCard{};
    const auto attached = co_await billing.provider.attach_payment_method(
        "subscription:" + requested.subscription.id.text() + ":attach", customer, *named);
    if (!attached) co_return failure(attached);
    co_return BroughtCard{attached->id, was_on_file};
}

}  // namespace

asio::awaitable<Result<ProviderSubscription>> send_start(BillingContext& billing,
                                                         const Requested& requested) {
    const auto& subscription = requested.subscription;
    const auto customer = co_await ensure_provider_customer(billing, subscription.customer);
    if (!customer) co_return failure(customer);
    const auto price = co_await ensure_provider_price(billing, *requested.command.price);
    if (!price) co_return failure(price);
    const auto card = co_await attach_brought_card(billing, *customer, requested);
    if (!card) co_return failure(card);
    const std::string root = "subscription:" + subscription.id.text();
    NewSubscription request{
        .subscription = subscription.id,
        .obligation = root + ":start",
        .customer = *customer,
        .price = *price,
        .payment_method = card->method,
        .first_payment = requested.command.first_payment_may_wait ? FirstPayment::MayWait
                                                                  : FirstPayment::OrNothing,
        .quantity = requested.command.quantity.value_or(1),
        .trial_end = requested.command.at,
        .trial_end_behavior = requested.command.behavior.value_or(""),
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
