#include <utility>

#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

constexpr std::string_view kPreviewPath = "/v1/invoices/create_preview";

/// Nothing is made by it, so it is no obligation.
asio::awaitable<Result<ProviderInvoice>> preview(StripeExchange& exchange, Form form) {
    const auto object = co_await exchange.post_unowed(std::string(kPreviewPath), form.text());
    if (!object) co_return failure(object);
    if (lines_missing(*object))
        co_return fail(ErrorCode::Unprocessable, "preview.too_many_lines",
                       "the invoice would have more lines than a preview shows");
    co_return read_invoice(*object);
}

constexpr std::int64_t kSecondsOfDay = 86'400;

}  // namespace

asio::awaitable<Result<ProviderInvoice>> Provider::preview_change(ChangePreview request) {
    Form form;
    form.add("subscription", request.subscription)
        .add("subscription_details[items][0][id]", request.item)
        .add("subscription_details[items][0][price]", request.price)
        .add("subscription_details[items][0][quantity]", request.quantity)
        .add("subscription_details[proration_behavior]",
             request.invoices_now ? "always_invoice" : "create_prorations")
        .add("subscription_details[proration_date]", unix_seconds(request.proration_date));
    co_return co_await preview(*exchange_, std::move(form));
}

asio::awaitable<Result<ProviderInvoice>> Provider::preview_next_invoice(std::string subscription) {
    Form form;
    form.add("subscription", subscription);
    co_return co_await preview(*exchange_, std::move(form));
}

asio::awaitable<Result<ProviderInvoice>> Provider::preview_start(StartPreview request) {
    Form form;
    form.add("customer", request.customer)
        .add("subscription_details[items][0][price]", request.price)
        .add("subscription_details[items][0][quantity]", request.quantity);
    if (request.trial_days > 0) {
        const auto now = exchange_->world().clock.now();
        form.add("subscription_details[trial_end]",
                 unix_seconds(now) + request.trial_days * kSecondsOfDay);
    }
    co_return co_await preview(*exchange_, std::move(form));
}

}  // namespace turnpike::stripe
