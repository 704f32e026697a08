#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "payments/intents.h"
#include "payments/provider.h"
#include "payments/provider_health.h"
#include "payments/stripe/client.h"

namespace turnpike::stripe {

inline constexpr std::string_view kProviderName = "stripe";

class StripeExchange;

/// Stripe behind the port. Writes go through intents; a write whose first outcome is on file
/// answers without asking, except that a subscription or an invoice is read afresh, so that an old
/// answer never passes for the present state.
///
/// More reasons than the port's:
///   PaymentRequired "payment.authentication_required"  the bank wants the cardholder (3-D Secure)
///   InvalidArgument "payment.unknown_method"           no such payment method, or somebody else's
///   InvalidArgument "payment.amount_not_chargeable"    e.g. 1 fils
///   Conflict        "payment.obligation_changed"       the obligation was asked for otherwise
///   OutcomeUnknown  "payment.unexpected_reply"         an answer that cannot be applied
///
/// Thread-safe. Must outlive its coroutines.
class Provider final : public PaymentProvider {
public:
    /// Errors: check_config's.
    static Result<std::unique_ptr<Provider>> create(ClientConfig config, http::Client& http,
                                                    IntentWorld world, ClientMetrics metrics);

    ~Provider() override;
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;

    [[nodiscard]] std::string_view name() const override { return kProviderName; }
    [[nodiscard]] Result<std::monostate> check_ability(Ability ability) const override;
    /// Whether the key is a live one: its events carry livemode true.
    [[nodiscard]] bool live() const;

    asio::awaitable<Result<std::string>> create_customer(NewCustomer request) override;
    asio::awaitable<Result<std::monostate>> update_customer(CustomerDetails request) override;
    asio::awaitable<Result<std::string>> create_price(NewPrice request) override;
    asio::awaitable<Result<PaymentMethodOnFile>> attach_payment_method(
        std::string obligation, std::string customer, std::string payment_method) override;
    asio::awaitable<Result<PaymentMethodOnFile>> set_default_payment_method(
        std::string obligation, std::string customer, std::string payment_method) override;
    asio::awaitable<Result<PaymentMethodOnFile>> detach_payment_method(
        std::string obligation, std::string payment_method) override;
    asio::awaitable<Result<ProviderSubscription>> start_subscription(
        NewSubscription request) override;
    asio::awaitable<Result<ProviderSubscription>> change_subscription(
        SubscriptionChange request) override;
    asio::awaitable<Result<ProviderSubscription>> charge_subscription_with(
        std::string obligation, std::string subscription, std::string payment_method) override;
    asio::awaitable<Result<ProviderSubscription>> cancel_subscription(
        SubscriptionCancel request) override;
    asio::awaitable<Result<ProviderSubscription>> plan_change(SubscriptionPlan request) override;
    asio::awaitable<Result<ProviderSubscription>> drop_planned_change(
        std::string obligation, std::string subscription) override;
    asio::awaitable<Result<ProviderSubscription>> end_trial(TrialEnd request) override;
    asio::awaitable<Result<ProviderSubscription>> pause_subscription(
        SubscriptionPause request) override;
    asio::awaitable<Result<ProviderSubscription>> resume_subscription(
        std::string obligation, std::string subscription) override;
    asio::awaitable<Result<std::string>> add_invoice_item(NewInvoiceItem request) override;
    asio::awaitable<Result<std::monostate>> remove_invoice_item(std::string obligation,
                                                                std::string item) override;
    asio::awaitable<Result<ProviderInvoice>> create_invoice(NewInvoice request) override;
    asio::awaitable<Result<ProviderInvoice>> finalize_invoice(std::string obligation,
                                                              std::string invoice) override;
    asio::awaitable<Result<std::string>> open_portal(PortalVisit visit) override;
    asio::awaitable<Result<ProviderCheckout>> open_checkout(NewCheckout request) override;
    asio::awaitable<Result<ProviderCheckout>> expire_checkout(std::string checkout) override;
    asio::awaitable<Result<ProviderCheckout>> get_checkout(std::string id) override;
    asio::awaitable<Result<ProviderInvoice>> preview_change(ChangePreview request) override;
    asio::awaitable<Result<ProviderInvoice>> preview_next_invoice(
        std::string subscription) override;
    asio::awaitable<Result<ProviderInvoice>> preview_start(StartPreview request) override;
    asio::awaitable<Result<ProviderTestClock>> create_test_clock(std::string obligation,
                                                                 std::string clock_name,
                                                                 Instant frozen_time) override;
    asio::awaitable<Result<ProviderTestClock>> advance_test_clock(std::string obligation,
                                                                  std::string clock,
                                                                  Instant frozen_time) override;

    asio::awaitable<Result<ProviderTestClock>> get_test_clock(std::string clock) override;
    asio::awaitable<Result<ProviderPrice>> get_price(std::string id) override;
    asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> list_payment_methods(
        std::string customer) override;
    asio::awaitable<Result<ProviderSubscription>> get_subscription(std::string id) override;
    asio::awaitable<Result<ProviderInvoice>> get_invoice(std::string id) override;
    asio::awaitable<Result<ProviderRefund>> create_refund(NewRefund request) override;
    asio::awaitable<Result<ProviderRefund>> get_refund(std::string id) override;
    asio::awaitable<Result<ProviderDispute>> get_dispute(std::string id) override;
    asio::awaitable<Result<ProviderPage<ProviderRefund>>> list_refunds(
        RefundQuery query, std::optional<std::string> after) override;
    asio::awaitable<Result<ProviderPage<ProviderDispute>>> list_disputes(
        Instant since, std::optional<std::string> after) override;
    asio::awaitable<Result<std::vector<ProviderPayment>>> payments_of_invoice(
        std::string invoice) override;
    asio::awaitable<Result<ProviderPage<ProviderSubscription>>> list_subscriptions(
        std::optional<std::string> customer, std::optional<std::string> after) override;
    asio::awaitable<Result<ProviderPage<ProviderInvoice>>> list_invoices(
        std::optional<std::string> customer, std::optional<std::string> after) override;
    asio::awaitable<Result<ProviderPage<ProviderEvent>>> list_events(
        std::optional<std::string> after) override;

    /// What the intent made or did at Stripe, as JSON text, found by our metadata or by the state
    /// of the object it acts on; nullopt when it provably is not there.
    /// Errors: those of a read; OutcomeUnknown "payment.outcome_unknown" for what leaves no trace
    /// (a new test clock).
    asio::awaitable<Result<std::optional<std::string>>> find_by_obligation(Intent intent);
    /// Looks for every unknown intent older than a minute, at most `limit`, and settles those that
    /// can be. For the regular reconciliation; an intent that became pending again is sent by the
    /// next run of the flow it belongs to.
    asio::awaitable<Result<SettledIntents>> settle_unknown(int limit);

    asio::awaitable<ProviderHealth> health();
    /// The part of health() that needs no database.
    [[nodiscard]] ClientHealth client_health() const;
    /// One cheap read; tells whether key and connection work.
    asio::awaitable<Result<std::monostate>> probe();

private:
    explicit Provider(std::unique_ptr<StripeExchange> exchange);

    asio::awaitable<Result<std::string>> create_product(const NewPrice& request);
    /// The configuration of the portal that offers exactly `prices`, made on first need; nullopt
    /// when Stripe refuses such a one (two prices of one product that recur alike).
    asio::awaitable<Result<std::optional<std::string>>> portal_configuration(
        std::vector<std::string> prices);

    std::unique_ptr<StripeExchange> exchange_;
};

}  // namespace turnpike::stripe
