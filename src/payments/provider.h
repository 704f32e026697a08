#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "payments/checkout.h"
#include "payments/discount.h"
#include "payments/preview.h"
#include "payments/refunds.h"
#include "payments/subscription_life.h"

namespace turnpike {

namespace asio = boost::asio;

/// Provider objects, translated. Names of ours inside them (metadata) come back as we sent them.
struct ProviderSubscription {
    std::string id;
    std::string customer;       ///< provider's customer id
    std::string item;           ///< the plan's item
    std::string price;          ///< provider's price id of that item
    std::int64_t quantity = 1;  ///< of that item
    std::string status;         ///< Stripe's word
    Period period;              ///< of the item
    bool cancel_at_period_end = false;
    std::optional<Instant> cancel_at, canceled_at, ended_at;
    Instant started_at;
    std::optional<std::string> latest_invoice;
    /// Where the customer authorises the charges, or another way to pay them; must be handed out
    /// where the provider takes no payment method from us.
    std::optional<std::string> authorization_url{};
    std::map<std::string, std::string> metadata;
    std::optional<Instant> trial_start{}, trial_end{};
    std::optional<std::string> trial_end_behavior{};  ///< Stripe's word
    std::optional<ProviderPause> pause{};
    std::optional<ProviderPlannedChange> planned{};
    bool has_unread_plan = false;  ///< something is planned, and this answer does not say what
    std::optional<std::string> cancel_comment{}, cancel_feedback{};
    /// In the order in which they are taken off; absent: this answer does not say,
    /// or it has ended.
    std::optional<std::vector<ProviderDiscount>> discounts{};
};

struct ProviderInvoiceLine {
    std::string id;
    std::string description;
    std::int64_t quantity = 1;
    Money amount{0, Currency::Usd};
    bool proration = false;
    bool from_subscription = false;      ///< a plan line; otherwise an invoice item
    std::optional<std::string> price{};  ///< provider's id of what it sells
    Period period;
    std::map<std::string, std::string> metadata;
};

struct ProviderInvoice {
    std::string id;
    std::string customer;
    std::optional<std::string> subscription;
    std::optional<std::string> number;
    std::string status;  ///< draft, open, paid, void, uncollectible
    std::string
        billing_reason;  ///< subscription_create, subscription_cycle, subscription_update, manual
    Money subtotal{0, Currency::Usd}, total{0, Currency::Usd}, amount_due{0, Currency::Usd},
        amount_paid{0, Currency::Usd};
    /// Minor units: taxes and discounts within the total, the customer's balance that paid a part
    /// of it, and credit notes since.
    std::int64_t tax = 0, discount = 0, credit_applied = 0, credited = 0;
    std::optional<Instant> due_at{};
    std::int64_t attempt_count = 0;
    std::optional<Instant> next_attempt_at{};  ///< by itself; absent: it says none
    std::optional<std::string> hosted_url, pdf_url;
    Period period;
    Instant created;
    std::optional<Instant> issued_at, paid_at;
    std::vector<ProviderInvoiceLine> lines;
    std::map<std::string, std::string> metadata;
};

struct PaymentMethodOnFile {
    std::string id;
    std::string brand;  ///< "visa"
    std::string last4;
    int exp_month = 0, exp_year = 0;
    bool is_default = false;
};

struct ProviderEvent {
    std::string id;
    std::string type;
    std::string payload;  ///< the event object as JSON text
};

struct ProviderTestClock {
    std::string id;
    Instant frozen_time;
    bool ready = false;
};

struct ProviderPrice {
    std::string id;
    Money amount{0, Currency::Usd};
    std::string interval;  ///< "month"; "" for a one-off price
    std::int64_t interval_count = 1;
    bool active = true;
    std::string product;  ///< provider's id
};

template <class T>
struct ProviderPage {
    std::vector<T> items;
    std::optional<std::string> next;  ///< pass as `after` to go on
};

/// Every write names its obligation: what is owed, once for ever ("subscription:sub_01..:start").
/// The intent row and the idempotency key derive from it and are committed before the call leaves;
/// the same obligation with the same content returns the first outcome, for ever.
struct NewCustomer {
    CustomerId customer;
    std::string external_id;
    std::optional<std::string> email, name;
    std::optional<std::string> test_clock;  ///< provider's id
};
/// What a customer is called on invoices and pages of the provider; nullopt takes it away there.
struct CustomerDetails {
    std::string obligation;
    std::string customer;  ///< provider's id
    std::optional<std::string> email, name;
};
struct NewPrice {
    PriceId price;
    std::string plan_key, plan_name;
    PlanVersionId plan_version;
    Money amount;
    std::string_view interval;  ///< "month"
    int interval_count = 1;
};
struct NewInvoiceItem {
    std::string obligation;
    std::string customer;
    std::optional<std::string> invoice;  ///< a draft; without: pending for the next invoice
    Money amount{0, Currency::Usd};
    std::string description;
    Period period;
    std::map<std::string, std::string> metadata;
};
/// The provider's own page, where a customer sees to cards, invoices and the plan.
struct PortalVisit {
    std::string customer;             ///< provider's id
    std::string return_url;           ///< where the page leads back to
    std::vector<std::string> prices;  ///< provider's ids: what the plan may be changed to
};
struct NewInvoice {
    std::string obligation;
    std::string customer;
    Currency currency = Currency::Usd;
    std::map<std::string, std::string> metadata;
};

/// What providers do differently where a flow must know it.
struct BillingTraits {
    /// How a payer lets the provider charge: a payment method that we name, or the customer's
    /// default; or each subscription is authorised by the customer at its authorization_url.
    enum class Consent : bool { MethodOnFile, AuthorizationPage };
    /// Where an amount goes that is owed of a finished period: on the draft of the renewal, or to
    /// the subscription, for its next bill.
    enum class Overage : bool { RenewalDraft, NextBill };
    /// What one line of an invoice may come to: anything, below zero too; or one unit of the
    /// currency and more.
    enum class LineAmount : bool { Any, OneUnitAndMore };

    Consent consent = Consent::MethodOnFile;
    Overage overage = Overage::RenewalDraft;
    LineAmount line_amount = LineAmount::Any;
    std::size_t invoice_lines_max = 250;
};

/// The port to a payment provider. Implementations: stripe::Provider, razorpay::Provider.
///
/// Errors of every call:
///   PaymentRequired "payment.declined" (details: decline_code, code)   a card said no
///   InvalidArgument / NotFound / Conflict "payment.refused"            the provider refused; final
///   Unavailable     "payment.provider_down"   nothing happened there; retry_after_s is set
///   OutcomeUnknown  "payment.outcome_unknown" it may have happened; repeat the same obligation
///
/// Thread-safe; coroutines may be awaited on any io_context.
class PaymentProvider {
public:
    virtual ~PaymentProvider() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;  ///< "stripe"
    /// Asked before a wish is written down. Errors: Unprocessable, with the way that works.
    [[nodiscard]] virtual Result<std::monostate> check_ability(Ability ability) const = 0;
    [[nodiscard]] virtual BillingTraits traits() const { return {}; }

    // writes
    virtual asio::awaitable<Result<std::string>> create_customer(NewCustomer request) = 0;
    virtual asio::awaitable<Result<std::monostate>> update_customer(CustomerDetails request) = 0;
    /// Creates the product (once per plan version) and the price; returns the price's id.
    virtual asio::awaitable<Result<std::string>> create_price(NewPrice request) = 0;
    virtual asio::awaitable<Result<PaymentMethodOnFile>> attach_payment_method(
        std::string obligation, std::string customer, std::string payment_method) = 0;
    virtual asio::awaitable<Result<PaymentMethodOnFile>> set_default_payment_method(
        std::string obligation, std::string customer, std::string payment_method) = 0;
    virtual asio::awaitable<Result<PaymentMethodOnFile>> detach_payment_method(
        std::string obligation, std::string payment_method) = 0;
    /// With FirstPayment::OrNothing a declined first payment leaves none at the provider.
    virtual asio::awaitable<Result<ProviderSubscription>> start_subscription(
        NewSubscription request) = 0;
    /// Prorated to the second.
    virtual asio::awaitable<Result<ProviderSubscription>> change_subscription(
        SubscriptionChange request) = 0;
    /// In place of what was planned before. Planned changes fall away with a change at once and
    /// with a planned end.
    virtual asio::awaitable<Result<ProviderSubscription>> plan_change(SubscriptionPlan request) = 0;
    virtual asio::awaitable<Result<ProviderSubscription>> drop_planned_change(
        std::string obligation, std::string subscription) = 0;
    virtual asio::awaitable<Result<ProviderSubscription>> cancel_subscription(
        SubscriptionCancel request) = 0;
    virtual asio::awaitable<Result<ProviderSubscription>> end_trial(TrialEnd request) = 0;
    virtual asio::awaitable<Result<ProviderSubscription>> pause_subscription(
        SubscriptionPause request) = 0;
    /// Also of one whose trial has ended without anything to charge.
    virtual asio::awaitable<Result<ProviderSubscription>> resume_subscription(
        std::string obligation, std::string subscription) = 0;
    /// The card that this subscription is charged with from now on; others keep theirs.
    virtual asio::awaitable<Result<ProviderSubscription>> charge_subscription_with(
        std::string obligation, std::string subscription, std::string payment_method) = 0;
    virtual asio::awaitable<Result<std::string>> add_invoice_item(NewInvoiceItem request) = 0;
    /// Takes an item off a draft; one that is gone already counts as done.
    /// Errors: "payment.refused" when its invoice is no draft any more.
    virtual asio::awaitable<Result<std::monostate>> remove_invoice_item(std::string obligation,
                                                                        std::string item) = 0;
    /// A draft for this customer that takes no pending items but its own.
    virtual asio::awaitable<Result<ProviderInvoice>> create_invoice(NewInvoice request) = 0;
    /// Finalizes a draft; collection goes on by itself.
    virtual asio::awaitable<Result<ProviderInvoice>> finalize_invoice(std::string obligation,
                                                                      std::string invoice) = 0;
    /// A short-lived URL; not an obligation, so it is never replayed. The page offers the prices of
    /// the visit, changes of plan at once and for a prorated invoice, and the end at period end.
    virtual asio::awaitable<Result<std::string>> open_portal(PortalVisit visit) = 0;
    virtual asio::awaitable<Result<ProviderCheckout>> open_checkout(NewCheckout request) = 0;
    /// Nothing more can be paid there, unless the answer says that it still is open: a payment is
    /// under way. Repeating it changes nothing, so it is no obligation.
    virtual asio::awaitable<Result<ProviderCheckout>> expire_checkout(std::string checkout) = 0;
    /// Gives money of one payment back. The answer is without what was paid for.
    virtual asio::awaitable<Result<ProviderRefund>> create_refund(NewRefund request) = 0;
    virtual asio::awaitable<Result<ProviderTestClock>> create_test_clock(std::string obligation,
                                                                         std::string name,
                                                                         Instant frozen_time) = 0;
    virtual asio::awaitable<Result<ProviderTestClock>> advance_test_clock(std::string obligation,
                                                                          std::string clock,
                                                                          Instant frozen_time) = 0;

    // reads
    virtual asio::awaitable<Result<ProviderTestClock>> get_test_clock(std::string clock) = 0;
    virtual asio::awaitable<Result<ProviderPrice>> get_price(std::string id) = 0;
    virtual asio::awaitable<Result<ProviderCheckout>> get_checkout(std::string id) = 0;
    /// As the invoice would be; its id names nothing. Unprocessable "preview.too_many_lines".
    virtual asio::awaitable<Result<ProviderInvoice>> preview_change(ChangePreview request) = 0;
    virtual asio::awaitable<Result<ProviderInvoice>> preview_next_invoice(
        std::string subscription) = 0;
    virtual asio::awaitable<Result<ProviderInvoice>> preview_start(StartPreview request) = 0;
    virtual asio::awaitable<Result<std::vector<PaymentMethodOnFile>>> list_payment_methods(
        std::string customer) = 0;
    virtual asio::awaitable<Result<ProviderSubscription>> get_subscription(std::string id) = 0;
    virtual asio::awaitable<Result<ProviderInvoice>> get_invoice(std::string id) = 0;
    virtual asio::awaitable<Result<ProviderRefund>> get_refund(std::string id) = 0;
    virtual asio::awaitable<Result<ProviderDispute>> get_dispute(std::string id) = 0;
    /// Newest first, without what was paid for.
    virtual asio::awaitable<Result<ProviderPage<ProviderRefund>>> list_refunds(
        RefundQuery query, std::optional<std::string> after) = 0;
    /// What has paid the invoice, in no order; an unpaid one has none.
    virtual asio::awaitable<Result<std::vector<ProviderPayment>>> payments_of_invoice(
        std::string invoice) = 0;
    /// Every status, newest first; of one customer when named.
    virtual asio::awaitable<Result<ProviderPage<ProviderSubscription>>> list_subscriptions(
        std::optional<std::string> customer, std::optional<std::string> after) = 0;
    virtual asio::awaitable<Result<ProviderPage<ProviderInvoice>>> list_invoices(
        std::optional<std::string> customer, std::optional<std::string> after) = 0;
    virtual asio::awaitable<Result<ProviderPage<ProviderEvent>>> list_events(
        std::optional<std::string> after) = 0;
    /// Those opened since, newest first, without what was paid for.
    virtual asio::awaitable<Result<ProviderPage<ProviderDispute>>> list_disputes(
        Instant since, std::optional<std::string> after) = 0;
};

}  // namespace turnpike
