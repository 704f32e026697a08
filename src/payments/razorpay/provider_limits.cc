#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"

/// What the port offers and Razorpay does not have.
namespace turnpike::razorpay {

asio::awaitable<Result<PaymentMethodOnFile>> Provider::attach_payment_method(
    std::string /*obligation*/, std::string /*customer*/, std::string /*payment_method*/) {
    co_return std::unexpected(method_needs_authorization());
}

asio::awaitable<Result<PaymentMethodOnFile>> Provider::set_default_payment_method(
    std::string /*obligation*/, std::string /*customer*/, std::string /*payment_method*/) {
    co_return std::unexpected(method_needs_authorization());
}

asio::awaitable<Result<PaymentMethodOnFile>> Provider::detach_payment_method(
    std::string /*obligation*/, std::string /*payment_method*/) {
    co_return std::unexpected(method_needs_authorization());
}

asio::awaitable<Result<ProviderSubscription>> Provider::charge_subscription_with(
    std::string /*obligation*/, std::string /*subscription*/, std::string /*payment_method*/) {
    co_return std::unexpected(method_needs_authorization());
}

asio::awaitable<Result<std::string>> Provider::open_portal(PortalVisit /*visit*/) {
    co_return std::unexpected(no_portal());
}

asio::awaitable<Result<ProviderInvoice>> Provider::preview_change(ChangePreview /*request*/) {
    co_return std::unexpected(no_previews());
}

asio::awaitable<Result<ProviderInvoice>> Provider::preview_next_invoice(
    std::string /*subscription*/) {
    co_return std::unexpected(no_previews());
}

asio::awaitable<Result<ProviderInvoice>> Provider::preview_start(StartPreview /*request*/) {
    co_return std::unexpected(no_previews());
}

asio::awaitable<Result<ProviderTestClock>> Provider::create_test_clock(std::string /*obligation*/,
                                                                       std::string /*clock_name*/,
                                                                       Instant /*frozen_time*/) {
    co_return std::unexpected(no_test_clocks());
}

asio::awaitable<Result<ProviderTestClock>> Provider::advance_test_clock(std::string /*obligation*/,
                                                                        std::string /*clock*/,
                                                                        Instant /*frozen_time*/) {
    co_return std::unexpected(no_test_clocks());
}

asio::awaitable<Result<ProviderTestClock>> Provider::get_test_clock(std::string /*clock*/) {
    co_return std::unexpected(no_test_clocks());
}

asio::awaitable<Result<ProviderPage<ProviderDispute>>> Provider::list_disputes(
    Instant /*since*/, std::optional<std::string> /*after*/) {
    co_return std::unexpected(no_dispute_list());
}

asio::awaitable<Result<ProviderPage<ProviderEvent>>> Provider::list_events(
    std::optional<std::string> /*after*/) {
    co_return std::unexpected(no_event_list());
}

}  // namespace turnpike::razorpay
