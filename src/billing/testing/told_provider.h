#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "payments/provider.h"
#include "payments/reply_reader.h"

namespace turnpike {

/// For tests: what a provider holds at one moment.
struct ProviderObjects {
    std::optional<ProviderSubscription> subscription;
    std::map<std::string, ProviderInvoice> invoices{};
    std::map<std::string, ProviderRefund> refunds{};
    std::map<std::string, ProviderDispute> disputes{};
    /// By customer; what it says of others cannot be read.
    std::map<std::string, std::vector<PaymentMethodOnFile>> payment_methods{};
};

/// A provider that holds what a test says, in memory, and can be asked but does nothing: every
/// write is refused for good.
class ToldProvider final : public PaymentProvider {
public:
    [[nodiscard]] Result<std::monostate> check_ability(Ability /*ability*/) const override {
        return refused();
    }
    explicit ToldProvider(std::string_view name = "stripe") : name_(name) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    /// From now on; `objects` outlives the next call.
    void holds(const ProviderObjects& objects) { objects_ = &objects; }

    asio::awaitable<Result<ProviderSubscription>> get_subscription(std::string id) override {
        if (objects_->subscription && objects_->subscription->id == id)
            co_return *objects_->subscription;
        co_return none();
    }
    asio::awaitable<Result<ProviderInvoice>> get_invoice(std::string id) override {
        const auto found = objects_->invoices.find(id);
        if (found == objects_->invoices.end()) co_return none();
        co_return found->second;
    }
    asio::awaitable<Result<ProviderPage<ProviderSubscription>>> list_subscriptions(
        std::optional<std::string> /*customer*/, std::optional<std::string> /*after*/) override {
        ProviderPage<ProviderSubscription> page;
        if (objects_->subscription) page.items.push_back(*objects_->subscription);
        co_return page;
    }
    asio::awaitable<Result<ProviderPage<ProviderInvoice>>> list_invoices(
        std::optional<std::string> /*customer*/, std::optional<std::string> /*after*/) override {
        ProviderPage<ProviderInvoice> page;
        for (const auto& [id, invoice] : objects_->invoices) page.items.push_back(invoice);
        co_return page;
    }
    asio::awaitable<Result<ProviderRefund>> get_refund(std::string id) override {
        const auto found = objects_->refunds.find(id);
        if (found == objects_->refunds.end()) co_return none();
        co_return found->second;
    }
    asio::awaitable<Result<ProviderDispute>> get_dispute(std::string id) override {
        const auto found = objects_->disputes.find(id);
        if (found == objects_->disputes.end()) co_return none();
        co_return found->second;
    }
    asio::awaitable<Result<ProviderPage<ProviderRefund>>> list_refunds(
        RefundQuery query, std::optional<std::string> /*after*/) override {
        ProviderPage<ProviderRefund> page;
        for (const auto& [id, refund] : objects_->refunds)
            if (!query.payment || refund.payment == *query.payment) page.items.push_back(refund);
        co_return page;
    }
    asio::awaitable<Result<ProviderPage<ProviderDispute>>> list_disputes(
        Instant /*since*/, std::optional<std::string> /*after*/) override {
        ProviderPage<ProviderDispute> page;
        for (const auto& [id, dispute] : objects_->disputes) page.items.push_back(dispute);
        co_return page;
    }
    asio::awaitable<Result<std::vector<ProviderPayment>>> payments_of_invoice(
        std::string /*invoice*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderPage<ProviderEvent>>> list_events(
        std::optional<std::string> /*after*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderTestClock>> get_test_clock(std::string /*clock*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderPrice>> get_price(std::string /*id*/) override {
        co_return none();
    }
    asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> list_payment_methods(
        std::string customer) override {
        const auto found = objects_->payment_methods.find(customer);
        if (found == objects_->payment_methods.end()) co_return unexpected_reply("payment_method");
        co_return found->second;
    }

    asio::awaitable<Result<std::string>> create_customer(NewCustomer /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<std::monostate>> update_customer(CustomerDetails /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<std::string>> create_price(NewPrice /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<PaymentMethodOnFile>> attach_payment_method(
        std::string /*obligation*/, std::string /*customer*/, std::string /*method*/) override {
        co_return refused();
    }
    asio::awaitable<Result<PaymentMethodOnFile>> set_default_payment_method(
        std::string /*obligation*/, std::string /*customer*/, std::string /*method*/) override {
        co_return refused();
    }
    asio::awaitable<Result<PaymentMethodOnFile>> detach_payment_method(
        std::string /*obligation*/, std::string /*method*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderRefund>> create_refund(NewRefund /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> start_subscription(
        NewSubscription /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> change_subscription(
        SubscriptionChange /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> cancel_subscription(
        SubscriptionCancel /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> plan_change(
        SubscriptionPlan /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> drop_planned_change(
        std::string /*obligation*/, std::string /*subscription*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> end_trial(TrialEnd /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> pause_subscription(
        SubscriptionPause /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> resume_subscription(
        std::string /*obligation*/, std::string /*subscription*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderSubscription>> charge_subscription_with(
        std::string /*obligation*/, std::string /*subscription*/, std::string /*method*/) override {
        co_return refused();
    }
    asio::awaitable<Result<std::string>> add_invoice_item(NewInvoiceItem /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<std::monostate>> remove_invoice_item(std::string /*obligation*/,
                                                                std::string /*item*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderInvoice>> create_invoice(NewInvoice /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderInvoice>> finalize_invoice(std::string /*obligation*/,
                                                              std::string /*invoice*/) override {
        co_return refused();
    }
    asio::awaitable<Result<std::string>> open_portal(PortalVisit /*visit*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderCheckout>> open_checkout(NewCheckout /*request*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderCheckout>> expire_checkout(std::string /*checkout*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderCheckout>> get_checkout(std::string /*id*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderInvoice>> preview_change(ChangePreview /*request*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderInvoice>> preview_next_invoice(
        std::string /*subscription*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderInvoice>> preview_start(StartPreview /*request*/) override {
        co_return none();
    }
    asio::awaitable<Result<ProviderTestClock>> create_test_clock(std::string /*obligation*/,
                                                                 std::string /*name*/,
                                                                 Instant /*time*/) override {
        co_return refused();
    }
    asio::awaitable<Result<ProviderTestClock>> advance_test_clock(std::string /*obligation*/,
                                                                  std::string /*clock*/,
                                                                  Instant /*time*/) override {
        co_return refused();
    }

private:
    static std::unexpected<Error> none() {
        return not_found("payment.refused", "the provider has no such object");
    }
    static std::unexpected<Error> refused() {
        return conflict("payment.refused", "this provider does nothing");
    }
    std::string_view name_;
    const ProviderObjects* objects_ = nullptr;
};

}  // namespace turnpike
