#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "payments/razorpay/exchange.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"
#include "payments/reply_reader.h"

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
    }
    return page;
}

/// Its first invoice is what was paid at the page. Only the invoices name their subscription.
asio::awaitable<Result<ProviderCheckout>> with_invoice(RazorpayExchange& exchange,
                                                       ProviderCheckout page) {
    if (!page.subscription) co_return page;
    const auto invoices = co_await exchange.get_all(
        std::string(kInvoices), "subscription_id=" + percent_encode(*page.subscription));
    if (!invoices) co_return failure(invoices);
    const auto first = std::ranges::min_element(*invoices, {}, [](const Json& invoice) {
        return ReplyReader(invoice, "invoice").maybe_integer("created_at").value_or(0);
    });
    if (first == invoices->end()) co_return page;
    auto id = read_id(*first);
    if (!id) co_return failure(id);
    page.invoice = *std::move(id);
    co_return page;
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
    if (before->status != "incomplete")
        co_return co_await with_invoice(*exchange_, as_checkout(*before));
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
    co_return co_await with_invoice(*exchange_, as_checkout(*subscription));
}

}  // namespace turnpike::razorpay
