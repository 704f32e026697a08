#include "billing/life/sync.h"

#include <vector>

#include "billing/life/checkout.h"
#include "billing/life/mirror.h"
#include "billing/life/period_close.h"
#include "billing/life/replanning.h"
#include "billing/life/returned_money.h"
#include "billing/provider/default_card.h"
#include "billing/records/event_objects.h"
#include "billing/telling/letters.h"
#include "billing/telling/trial_reminders.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

asio::awaitable<std::int64_t> take_ticket(BillingContext& billing) {
    co_return co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
}

MirrorScope scope_of(BillingContext& billing, const Authority& authority, std::int64_t ticket) {
    return {billing.provider.name(),
            billing.ids,
            billing.clock.now(),
            authority,
            ticket,
            billing.grace};
}

asio::awaitable<Result<std::monostate>> apply_subscription(BillingContext& billing,
                                                           const ProviderSubscription& theirs,
                                                           std::int64_t ticket,
                                                           Authority authority) {
    const auto mirrored = co_await billing.db.write([&](sql::Transaction& tx) {
        return mirror_subscription(tx, scope_of(billing, authority, ticket), theirs);
    });
    if (!mirrored) co_return failure(mirrored);
    if (!*mirrored) co_return std::monostate{};
    billing.standings.invalidate((*mirrored)->customer);
    co_await plan_with_new_discounts(billing, (*mirrored)->id, authority);
    co_return co_await run_period_closes(billing, (*mirrored)->id, authority);
}

asio::awaitable<void> forget_standing_of(BillingContext& billing, const InvoiceId& id) {
    const auto invoice =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_invoice(tx, id); });
    if (invoice) billing.standings.invalidate(invoice->customer);
}

asio::awaitable<Result<std::monostate>> apply_invoice(BillingContext& billing,
                                                      const ProviderInvoice& theirs,
                                                      std::int64_t ticket, Authority authority) {
    const auto mirrored = co_await billing.db.write([&](sql::Transaction& tx) {
        return mirror_provider_invoice(tx, scope_of(billing, authority, ticket), theirs);
    });
    if (!mirrored) co_return failure(mirrored);
    // An unpaid invoice says since when a subscription is past due.
    if (*mirrored && theirs.status == "open") co_await forget_standing_of(billing, **mirrored);
    co_return std::monostate{};
}

EventObjects objects_of(std::string_view provider, const EventHint& hint, const Json& event) {
    if (provider == "razorpay") return objects_of_razorpay_event(event);
    return objects_of_stripe_event(hint.type, event);
}

/// The subscription that an invoice bills, as the provider says; "" when there is none.
asio::awaitable<Result<std::string>> subscription_billed_by(BillingContext& billing,
                                                            const std::string& invoice) {
    const auto theirs = co_await billing.provider.get_invoice(invoice);
    if (!theirs && theirs.error().code == ErrorCode::NotFound) co_return "";
    if (!theirs) co_return failure(theirs);
    co_return theirs->subscription.value_or("");
}

/// The provider says so itself, by its own clock.
asio::awaitable<void> remind_of_trial_of(BillingContext& billing,
                                         const std::string& provider_subscription) {
    auto find = [&](sql::Transaction& tx) {
        return find_subscription_of_provider(tx, billing.provider.name(), provider_subscription);
    };
    const auto ours = co_await billing.db.read(std::move(find));
    if (!ours) co_return;
    co_await see_default_card(billing, ours->customer);
    auto remind = [&](sql::Transaction& tx) {
        remind_of_trial(tx, billing, ours->id);
        return true;
    };
    co_await billing.db.write(std::move(remind));
}

/// What has gone back of a payment, or is claimed back.
asio::awaitable<Result<std::monostate>> sync_returns(BillingContext& billing,
                                                     const EventObjects& objects,
                                                     const Authority& authority) {
    if (!objects.refund.empty()) {
        const auto synced = co_await sync_refund(billing, objects.refund, authority);
        if (!synced) co_return failure(synced);
    }
    if (!objects.refunded_payment.empty()) {
        const auto synced = co_await sync_refunds_of(billing, objects.refunded_payment, authority);
        if (!synced) co_return failure(synced);
    }
    if (objects.dispute.empty()) co_return std::monostate{};
    co_return co_await sync_dispute(billing, objects.dispute, authority);
}

/// Stripe's word for a bank that wants to hear from the cardholder; the invoice does not say it.
constexpr std::string_view kMustConfirm = "invoice.payment_action_required";

asio::awaitable<void> ask_for_confirmation(BillingContext& billing, std::string invoice) {
    auto work = [&](sql::Transaction& tx) {
        const auto known = find_invoice_of_provider(tx, billing.provider.name(), invoice);
        if (known) write_confirmation_letter(tx, *known, billing.clock.now(), billing.ids);
        return true;
    };
    co_await billing.db.write(work);
}

asio::awaitable<Result<std::monostate>> sync_subscriptions_of(BillingContext& billing,
                                                              const std::string& provider_customer,
                                                              Authority authority) {
    std::optional<std::string> after;
    do {
        const auto ticket = co_await take_ticket(billing);
        const auto page = co_await billing.provider.list_subscriptions(provider_customer, after);
        if (!page) co_return failure(page);
        for (const auto& theirs : page->items) {
            const auto applied = co_await apply_subscription(billing, theirs, ticket, authority);
            if (!applied) co_return failure(applied);
        }
        after = page->next;
    } while (after);
    co_return std::monostate{};
}

asio::awaitable<Result<std::monostate>> sync_invoices_of(BillingContext& billing,
                                                         const std::string& provider_customer,
                                                         Authority authority) {
    std::optional<std::string> after;
    do {
        const auto ticket = co_await take_ticket(billing);
        const auto page = co_await billing.provider.list_invoices(provider_customer, after);
        if (!page) co_return failure(page);
        for (const auto& theirs : page->items) {
            const auto applied = co_await apply_invoice(billing, theirs, ticket, authority);
            if (!applied) co_return failure(applied);
        }
        after = page->next;
    } while (after);
    co_return std::monostate{};
}

}  // namespace

asio::awaitable<Result<std::monostate>> sync_subscription(BillingContext& billing,
                                                          std::string provider_id,
                                                          Authority authority) {
    const auto ticket = co_await take_ticket(billing);
    const auto theirs = co_await billing.provider.get_subscription(provider_id);
    if (!theirs && theirs.error().code == ErrorCode::NotFound) co_return std::monostate{};
    if (!theirs) co_return failure(theirs);
    co_return co_await apply_subscription(billing, *theirs, ticket, std::move(authority));
}

asio::awaitable<Result<std::monostate>> sync_invoice(BillingContext& billing,
                                                     std::string provider_id, Authority authority) {
    const auto ticket = co_await take_ticket(billing);
    const auto theirs = co_await billing.provider.get_invoice(provider_id);
    if (!theirs && theirs.error().code == ErrorCode::NotFound) co_return std::monostate{};
    if (!theirs) co_return failure(theirs);
    co_return co_await apply_invoice(billing, *theirs, ticket, std::move(authority));
}

asio::awaitable<Result<std::monostate>> sync_customer(BillingContext& billing, CustomerId customer,
                                                      Authority authority) {
    const auto provider_customer = co_await billing.db.read([&](sql::Transaction& tx) {
        return find_provider_customer(tx, customer, billing.provider.name());
    });
    if (!provider_customer) co_return std::monostate{};
    const auto subscriptions =
        co_await sync_subscriptions_of(billing, *provider_customer, authority);
    if (!subscriptions) co_return failure(subscriptions);
    co_return co_await sync_invoices_of(billing, *provider_customer, authority);
}

asio::awaitable<Result<std::monostate>> apply_event(BillingContext& billing, EventHint hint,
                                                    Authority authority) {
    const auto event = parse_json(hint.payload);
    if (!event) co_return failure(event);
    auto objects = objects_of(billing.provider.name(), hint, *event);
    if (!objects.checkout.empty())
        co_return co_await apply_checkout_event(billing, objects.checkout, std::move(authority));
    if (!objects.customer.empty()) {
        auto forget = [&](sql::Transaction& tx) {
            forget_default_card_of(tx, billing.provider.name(), objects.customer,
                                   billing.clock.now());
            return true;
        };
        co_await billing.db.write(std::move(forget));
        co_return std::monostate{};
    }
    if (!objects.discounted_customer.empty())
        co_return co_await sync_subscriptions_of(billing, objects.discounted_customer, authority);
    const bool may_bill_one = billing.provider.name() == "razorpay" &&
                              objects.subscription.empty() && !objects.invoice.empty();
    if (may_bill_one) {
        auto billed = co_await subscription_billed_by(billing, objects.invoice);
        if (!billed) co_return failure(billed);
        objects.subscription = *std::move(billed);
    }
    // The subscription first: a new period queues the close whose lines belong on this draft.
    if (!objects.subscription.empty()) {
        const auto synced = co_await sync_subscription(billing, objects.subscription, authority);
        if (!synced) co_return failure(synced);
    }
    if (hint.type == "customer.subscription.trial_will_end")
        co_await remind_of_trial_of(billing, objects.subscription);
    if (!objects.invoice.empty()) {
        const auto synced = co_await sync_invoice(billing, objects.invoice, authority);
        if (!synced) co_return failure(synced);
        if (hint.type == kMustConfirm) co_await ask_for_confirmation(billing, objects.invoice);
    }
    co_return co_await sync_returns(billing, objects, authority);
}

}  // namespace turnpike
