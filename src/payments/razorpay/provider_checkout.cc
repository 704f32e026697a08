#include <utility>

#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"

/// Razorpay has no checkout sessions. The page of a new subscription, where the customer authorises
/// the charges, is one: it leads back nowhere, and has no end of its own.
namespace turnpike::razorpay {
namespace {

ProviderCheckout as_checkout(const ProviderSubscription& subscription) {
    ProviderCheckout page{.id = subscription.id,
                          .url = std::nullopt,
                          .state = CheckoutState::Complete,
                          .customer = subscription.customer,
                          .subscription = std::nullopt,
                          .invoice = std::nullopt,
                          .expires_at = std::nullopt};
    if (subscription.ended_at) {
        page.state = CheckoutState::Expired;
    } else if (subscription.status == "incomplete") {
        page.state = CheckoutState::Open;
        page.url = subscription.authorization_url;
    } else {
        page.subscription = subscription.id;
        page.invoice = subscription.latest_invoice;
    }
    return page;
}

}  // namespace

asio::awaitable<Result<ProviderCheckout>> Provider::open_checkout(NewCheckout request) {
    if (request.quantity != 1 || request.trial_days != 0)
        co_return std::unexpected(checkout_is_plain());
    NewSubscription start{.subscription = std::move(request.subscription),
                          .obligation = std::move(request.obligation),
                          .customer = std::move(request.customer),
                          .price = std::move(request.price),
                          .payment_method = {}};
    const auto started = co_await start_subscription(std::move(start));
    if (!started) co_return failure(started);
    co_return as_checkout(*started);
}

asio::awaitable<Result<ProviderCheckout>> Provider::expire_checkout(std::string checkout) {
    // What has been paid meanwhile is a subscription, which nobody has asked to cancel.
    const auto before = co_await get_subscription(checkout);
    if (!before) co_return failure(before);
    if (before->status != "incomplete") co_return as_checkout(*before);
    SubscriptionCancel cancel{.obligation = "checkout_page:" + checkout + ":cancel",
                              .subscription = checkout,
                              .when = CancelWhen::Now};
    const auto ended = co_await cancel_subscription(std::move(cancel));
    if (!ended) co_return failure(ended);
    co_return as_checkout(*ended);
}

asio::awaitable<Result<ProviderCheckout>> Provider::get_checkout(std::string id) {
    const auto subscription = co_await get_subscription(std::move(id));
    if (!subscription) co_return failure(subscription);
    co_return as_checkout(*subscription);
}

}  // namespace turnpike::razorpay
