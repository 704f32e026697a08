#include <utility>

#include "payments/errors.h"
#include "payments/reply_reader.h"
#include "payments/stripe/exchange.h"
#include "payments/stripe/provider.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

std::optional<CheckoutState> parse_checkout_state(std::string_view status) {
    if (status == "open") return CheckoutState::Open;
    if (status == "complete") return CheckoutState::Complete;
    if (status == "expired") return CheckoutState::Expired;
    return std::nullopt;
}

asio::awaitable<Result<ProviderCheckout>> write_checkout(StripeExchange& exchange, Write write) {
    const auto object =
        co_await exchange.write_afresh(std::move(write), std::string(kCheckoutSessions));
    if (!object) co_return failure(object);
    co_return read_checkout(*object);
}

}  // namespace

Result<ProviderCheckout> read_checkout(const Json& object) {
    ReplyReader fields(object, "checkout.session");
    ProviderCheckout read;
    read.id = fields.text("id");
    read.url = fields.maybe_text("url");
    read.customer = fields.reference("customer");
    read.subscription = fields.maybe_reference("subscription");
    read.invoice = fields.maybe_reference("invoice");
    read.expires_at = fields.maybe_instant("expires_at");
    const auto state = parse_checkout_state(fields.text("status"));
    if (!state) fields.complain("checkout.session.status is unknown");
    read.state = state.value_or(CheckoutState::Open);
    return fields.finish(std::move(read));
}

asio::awaitable<Result<ProviderCheckout>> Provider::open_checkout(NewCheckout request) {
    Form form;
    form.add("mode", "subscription")
        .add("customer", request.customer)
        .add("client_reference_id", request.checkout.text())
        .add("line_items[0][price]", request.price)
        .add("line_items[0][quantity]", request.quantity)
        .add("success_url", request.success_url)
        .add("cancel_url", request.cancel_url)
        .add("subscription_data[metadata][turnpike_subscription]", request.subscription.text())
        .add("subscription_data[metadata][turnpike_checkout]", request.checkout.text());
    if (request.trial_days > 0)
        form.add("subscription_data[trial_period_days]", request.trial_days);
    form.add_metadata({{std::string(kObligationKey), request.obligation},
                       {"turnpike_checkout", request.checkout.text()}});
    Write write{.obligation = std::move(request.obligation),
                .path = std::string(kCheckoutSessions),
                .parameters = form.text()};
    co_return co_await write_checkout(*exchange_, std::move(write));
}

asio::awaitable<Result<ProviderCheckout>> Provider::expire_checkout(std::string checkout) {
    const auto id = path_segment(checkout, no_such("checkout session"));
    if (!id) co_return failure(id);
    const std::string path = std::string(kCheckoutSessions) + "/" + *id;
    const auto expired = co_await exchange_->post_unowed(path + "/expire", "");
    if (expired) co_return read_checkout(*expired);
    if (may_succeed_later(expired.error())) co_return failure(expired);
    co_return co_await get_checkout(std::move(checkout));
}

asio::awaitable<Result<ProviderCheckout>> Provider::get_checkout(std::string id) {
    const auto checkout = path_segment(id, no_such("checkout session"));
    if (!checkout) co_return failure(checkout);
    const auto object = co_await exchange_->get(std::string(kCheckoutSessions) + "/" + *checkout);
    if (!object) co_return failure(object);
    co_return read_checkout(*object);
}

}  // namespace turnpike::stripe
