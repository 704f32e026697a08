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
#include "payments/razorpay/client.h"

namespace turnpike::razorpay {

inline constexpr std::string_view kProviderName = "razorpay";

class RazorpayExchange;

/// Razorpay behind the port. Writes go through intents; what nothing at Razorpay recognizes as a
/// repetition is looked for, by its notes, before it leaves again.
///
/// More reasons than the port's:
///   Unprocessable   "razorpay.*"                     what Razorpay cannot do, and what works
///                                                    instead (refusal.h)
///   InvalidArgument "payment.amount_not_chargeable"  e.g. 1 fils
///   Conflict        "payment.obligation_changed"     the obligation was asked for otherwise
///   OutcomeUnknown  "payment.unexpected_reply"       an answer that cannot be applied
///
/// Thread-safe. Must outlive its coroutines.
class Provider final : public PaymentProvider {
public:
    /// Errors: check_config's.
    static Result<std::unique_ptr<Provider>> create(const ClientConfig& config, http::Client& http,
                                                    IntentWorld world, ClientMetrics metrics);

    ~Provider() override;
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;

    [[nodiscard]] std::string_view name() const override { return kProviderName; }
    [[nodiscard]] Result<std::monostate> check_ability(Ability ability) const override;
    [[nodiscard]] BillingTraits traits() const override;

    asio::awaitable<Result<std::string>> create_customer(NewCustomer request) override;
    asio::awaitable<Result<std::monostate>> update_customer(CustomerDetails request) override;
    /// A plan: Razorpay has no prices of their own.
    asio::awaitable<Result<std::string>> create_price(NewPrice request) override;
    /// "razorpay.method_needs_authorization", as the next two and charge_subscription_with.
    asio::awaitable<Result<PaymentMethodOnFile>> attach_payment_method(
        std::string obligation, std::string customer, std::string payment_method) override;
    asio::awaitable<Result<PaymentMethodOnFile>> set_default_payment_method(
        std::string obligation, std::string customer, std::string payment_method) override;
    asio::awaitable<Result<PaymentMethodOnFile>> detach_payment_method(
        std::string obligation, std::string payment_method) override;
    /// Incomplete, with an authorization_url to hand out: it begins when the customer authorises.
    /// Takes no payment method.
    asio::awaitable<Result<ProviderSubscription>> start_subscription(
        NewSubscription request) override;
    /// At once, whichever billing is asked for: more is charged now, less is paid back now. While
    /// an end is planned, to the same rhythm only: "razorpay.cancellation_is_final".
    asio::awaitable<Result<ProviderSubscription>> change_subscription(
        SubscriptionChange request) override;
    asio::awaitable<Result<ProviderSubscription>> charge_subscription_with(
        std::string obligation, std::string subscription, std::string payment_method) override;
    /// AtPeriodEnd cannot be taken back: Never is an error from then on.
    asio::awaitable<Result<ProviderSubscription>> cancel_subscription(
        SubscriptionCancel request) override;
    asio::awaitable<Result<ProviderSubscription>> plan_change(SubscriptionPlan request) override;
    asio::awaitable<Result<ProviderSubscription>> drop_planned_change(
        std::string obligation, std::string subscription) override;
    /// To another day only: "razorpay.trial_cannot_end_now".
    asio::awaitable<Result<ProviderSubscription>> end_trial(TrialEnd request) override;
    asio::awaitable<Result<ProviderSubscription>> pause_subscription(
        SubscriptionPause request) override;
    asio::awaitable<Result<ProviderSubscription>> resume_subscription(
        std::string obligation, std::string subscription) override;
    /// On a draft; or without one, with the customer's running subscription for its next bill.
    asio::awaitable<Result<std::string>> add_invoice_item(NewInvoiceItem request) override;
    asio::awaitable<Result<std::monostate>> remove_invoice_item(std::string obligation,
                                                                std::string item) override;
    /// A draft that is kept here (drafts.h) until it is finalized.
    asio::awaitable<Result<ProviderInvoice>> create_invoice(NewInvoice request) override;
    /// Makes the invoice at Razorpay, with another id; the customer is asked to pay it.
    asio::awaitable<Result<ProviderInvoice>> finalize_invoice(std::string obligation,
                                                              std::string invoice) override;
    /// "razorpay.no_portal".
    asio::awaitable<Result<std::string>> open_portal(PortalVisit visit) override;
    asio::awaitable<Result<ProviderCheckout>> open_checkout(NewCheckout request) override;
    asio::awaitable<Result<ProviderCheckout>> expire_checkout(std::string checkout) override;
    asio::awaitable<Result<ProviderCheckout>> get_checkout(std::string id) override;
    asio::awaitable<Result<ProviderInvoice>> preview_change(ChangePreview request) override;
    asio::awaitable<Result<ProviderInvoice>> preview_next_invoice(
        std::string subscription) override;
    asio::awaitable<Result<ProviderInvoice>> preview_start(StartPreview request) override;
    /// "razorpay.no_test_clocks", as the next and get_test_clock.
    asio::awaitable<Result<ProviderTestClock>> create_test_clock(std::string obligation,
                                                                 std::string clock_name,
                                                                 Instant frozen_time) override;
    asio::awaitable<Result<ProviderTestClock>> advance_test_clock(std::string obligation,
                                                                  std::string clock,
                                                                  Instant frozen_time) override;

    asio::awaitable<Result<ProviderTestClock>> get_test_clock(std::string clock) override;
    asio::awaitable<Result<ProviderPrice>> get_price(std::string id) override;
    /// What the customer's subscriptions were authorised with: "card", "upi", "emandate".
    asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> list_payment_methods(
        std::string customer) override;
    asio::awaitable<Result<ProviderSubscription>> get_subscription(std::string id) override;
    asio::awaitable<Result<ProviderInvoice>> get_invoice(std::string id) override;
    asio::awaitable<Result<ProviderRefund>> create_refund(NewRefund request) override;
    asio::awaitable<Result<ProviderRefund>> get_refund(std::string id) override;
    asio::awaitable<Result<ProviderDispute>> get_dispute(std::string id) override;
    asio::awaitable<Result<ProviderPage<ProviderRefund>>> list_refunds(
        RefundQuery query, std::optional<std::string> after) override;
    asio::awaitable<Result<std::vector<ProviderPayment>>> payments_of_invoice(
        std::string invoice) override;
    /// Of one customer: a page may have few, or none, and still be followed by others; invoices
    /// come all in one.
    asio::awaitable<Result<ProviderPage<ProviderSubscription>>> list_subscriptions(
        std::optional<std::string> customer, std::optional<std::string> after) override;
    asio::awaitable<Result<ProviderPage<ProviderInvoice>>> list_invoices(
        std::optional<std::string> customer, std::optional<std::string> after) override;
    /// "razorpay.no_dispute_list".
    asio::awaitable<Result<ProviderPage<ProviderDispute>>> list_disputes(
        Instant since, std::optional<std::string> after) override;
    /// "razorpay.no_event_list".
    asio::awaitable<Result<ProviderPage<ProviderEvent>>> list_events(
        std::optional<std::string> after) override;

    /// Looks for every unknown intent older than a minute, at most `limit`, and settles those that
    /// can be.
    asio::awaitable<Result<SettledIntents>> settle_unknown(int limit);

    /// What this process knows of the conversation; asks nobody.
    [[nodiscard]] ClientHealth client_health() const;
    asio::awaitable<ProviderHealth> health();
    /// One cheap read; tells whether key and connection work.
    asio::awaitable<Result<std::monostate>> probe();

private:
    explicit Provider(std::unique_ptr<RazorpayExchange> exchange);

    asio::awaitable<Result<ProviderSubscription>> end_at_cycle_end(std::string id);
    asio::awaitable<Result<std::string>> add_to_next_bill(NewInvoiceItem request);
    asio::awaitable<Result<ProviderInvoice>> issue_draft(std::string id);

    std::unique_ptr<RazorpayExchange> exchange_;
};

}  // namespace turnpike::razorpay
