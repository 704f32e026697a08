#include "billing/mirror.h"

#include <spdlog/spdlog.h>

#include "audit/audit.h"
#include "billing/moves.h"
#include "billing/period_close.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kNextTicket = R"sql(
    INSERT INTO fetch_tickets (name, last) VALUES ('provider', 1)
    ON CONFLICT (name) DO UPDATE SET last = fetch_tickets.last + 1
    RETURNING last
)sql";

/// What the provider sells under this price, in our words.
struct SoldAs {
    PriceId price;
    PlanVersionId plan_version;
};

std::optional<SoldAs> sold_as(sql::Transaction& tx, std::string_view provider,
                              const std::string& provider_price) {
    const auto price = find_price_of_provider(tx, provider, provider_price);
    if (!price) return std::nullopt;
    return SoldAs{price->price, price->plan_version};
}

Subscription with_state_of(Subscription ours, const ProviderSubscription& theirs,
                           SubscriptionStatus status, Instant now) {
    ours.provider_subscription_id = theirs.id;
    ours.provider_item_id = theirs.item;
    ours.status = status;
    ours.period = theirs.period;
    ours.cancel_at_period_end =
        theirs.cancel_at_period_end || (theirs.cancel_at && *theirs.cancel_at == theirs.period.end);
    ours.cancel_at = theirs.cancel_at;
    ours.canceled_at = theirs.canceled_at;
    ours.started_at = theirs.started_at;
    ours.ended_at = theirs.ended_at;
    if (is_terminal(status) && !ours.ended_at) ours.ended_at = now;
    return ours;
}

bool same_state(const Subscription& a, const Subscription& b) {
    return a.status == b.status && a.period == b.period && a.plan_version == b.plan_version &&
           a.price == b.price && a.cancel_at_period_end == b.cancel_at_period_end &&
           a.cancel_at == b.cancel_at && a.canceled_at == b.canceled_at &&
           a.ended_at == b.ended_at && a.provider_subscription_id == b.provider_subscription_id &&
           a.provider_item_id == b.provider_item_id;
}

std::optional<Subscription> find_ours(sql::Transaction& tx, std::string_view provider,
                                      const ProviderSubscription& theirs) {
    if (auto known = find_subscription_of_provider(tx, provider, theirs.id)) return known;
    const auto tag = theirs.metadata.find("turnpike_subscription");
    if (tag == theirs.metadata.end()) return std::nullopt;
    const auto id = SubscriptionId::parse(tag->second);
    if (!id) return std::nullopt;
    auto tagged = load_subscription(tx, *id);
    // A row that has met another object already is not this object's.
    if (!tagged || tagged->provider_subscription_id) return std::nullopt;
    return *std::move(tagged);
}

/// One customer has one subscription here. What else the provider runs for him is told to people.
void record_second(sql::Transaction& tx, const MirrorScope& scope, const CustomerId& customer,
                   const std::string& provider_subscription) {
    constexpr std::string_view kAction = "subscription.second_at_provider";
    if (is_recorded(tx, kAction, provider_subscription)) return;
    record(tx,
           {.at = scope.now,
            .actor = scope.authority.actor,
            .action = std::string(kAction),
            .object_id = provider_subscription,
            .customer = customer.text(),
            .request_id = scope.authority.request_id,
            .detail = Json{{"provider_subscription", provider_subscription}}},
           scope.ids);
}

/// True when `ours` would come back to life beside another one.
bool would_be_second(sql::Transaction& tx, const Subscription& before, const Subscription& after) {
    if (!before.ended_at || after.ended_at) return false;
    const auto live = find_live_subscription(tx, before.customer);
    return live && live->id != before.id;
}

/// A subscription that somebody made at the provider for a customer and a price of ours.
std::optional<Subscription> adopt(sql::Transaction& tx, const MirrorScope& scope,
                                  const ProviderSubscription& theirs,
                                  const std::optional<SoldAs>& sold) {
    const auto customer = find_customer_of_provider(tx, scope.provider, theirs.customer);
    if (!customer || !sold || theirs.ended_at) return std::nullopt;
    Subscription ours{
        .id = scope.ids.make<SubscriptionId>(scope.now),
        .customer = *customer,
        .plan_version = sold->plan_version,
        .price = sold->price,
        .provider = std::string(scope.provider),
        .provider_subscription_id = theirs.id,
        .provider_item_id = theirs.item,
        .status = SubscriptionStatus::Creating,
        .period = theirs.period,
        .created_at = scope.now,
        .version = 1,
    };
    if (!insert_subscription(tx, ours)) {
        record_second(tx, scope, *customer, theirs.id);
        return std::nullopt;
    }
    return ours;
}

}  // namespace

std::int64_t next_fetch_ticket(sql::Transaction& tx) { return tx.one(kNextTicket)->integer(0); }

Result<std::optional<Subscription>> mirror_subscription(sql::Transaction& tx,
                                                        const MirrorScope& scope,
                                                        const ProviderSubscription& theirs) {
    const auto status = parse_subscription_status(theirs.status);
    if (!status || *status == SubscriptionStatus::Creating)
        return fail(ErrorCode::Unprocessable, "subscription.unknown_status",
                    "the provider's status '" + theirs.status + "' is not known here");

    const auto sold = sold_as(tx, scope.provider, theirs.price);
    auto before = find_ours(tx, scope.provider, theirs);
    if (!before) before = adopt(tx, scope, theirs, sold);
    if (!before) return std::optional<Subscription>();
    if (!claim_subscription_ticket(tx, before->id, scope.ticket)) return before;

    Subscription after = with_state_of(*before, theirs, *status, scope.now);
    if (sold) {
        after.price = sold->price;
        after.plan_version = sold->plan_version;
    }
    if (same_state(*before, after)) return before;
    if (would_be_second(tx, *before, after)) {
        record_second(tx, scope, before->customer, theirs.id);
        return before;
    }

    auto saved = save_subscription(tx, after, scope.now);
    if (!saved) return failure(saved);
    if (before->status != SubscriptionStatus::Creating)
        queue_period_closes(tx, *before, *saved, scope.now);
    tell_subscription_move(tx, {scope.ids, scope.now, scope.authority}, *before, *saved);
    return std::optional<Subscription>(*std::move(saved));
}

namespace {

constexpr const char* kChargeName = "turnpike_overage";

/// As period_close.cc has named it.
std::optional<OverageChargeId> charge_of(const ProviderInvoiceLine& line) {
    const auto name = line.metadata.find(kChargeName);
    if (name == line.metadata.end()) return std::nullopt;
    return OverageChargeId::parse(name->second);
}

LineKind kind_of(const ProviderInvoiceLine& line) {
    if (line.metadata.contains(kChargeName)) return LineKind::Overage;
    if (line.proration) return LineKind::Proration;
    return line.from_subscription ? LineKind::Plan : LineKind::Other;
}

/// What the provider says is mirrored all the same; people hear of a sum that is none.
void warn_of_wrong_sum(const ProviderInvoice& theirs) {
    Money sum(0, theirs.subtotal.currency());
    for (const auto& line : theirs.lines) sum = sum + line.amount;
    if (sum != theirs.subtotal)
        spdlog::warn("event=invoice.lines_disagree invoice={} subtotal=\"{}\" lines=\"{}\"",
                     theirs.id, theirs.subtotal.text(), sum.text());
}

Invoice translate(const MirrorScope& scope, const ProviderInvoice& theirs,
                  const CustomerId& customer, InvoiceStatus status) {
    Invoice ours{
        .id = scope.ids.make<InvoiceId>(scope.now),
        .customer = customer,
        .subscription = std::nullopt,
        .provider = std::string(scope.provider),
        .provider_invoice_id = theirs.id,
        .number = theirs.number,
        .status = status,
        .billing_reason = theirs.billing_reason,
        .subtotal = theirs.subtotal,
        .total = theirs.total,
        .amount_due = theirs.amount_due,
        .amount_paid = theirs.amount_paid,
        .tax = Money(theirs.tax, theirs.total.currency()),
        .discount = Money(theirs.discount, theirs.total.currency()),
        .credit_applied = Money(theirs.credit_applied, theirs.total.currency()),
        .credited = Money(theirs.credited, theirs.total.currency()),
        .due_at = theirs.due_at,
        .attempt_count = theirs.attempt_count,
        .hosted_url = theirs.hosted_url,
        .pdf_url = theirs.pdf_url,
        .period = theirs.period,
        .issued_at = theirs.issued_at,
        .paid_at = theirs.paid_at,
        .created_at = theirs.created,
        .lines = {},
    };
    for (const auto& line : theirs.lines) {
        ours.lines.push_back(InvoiceLine{
            .id = scope.ids.make<InvoiceLineId>(scope.now),
            .provider_line_id = line.id,
            .kind = kind_of(line),
            .description = line.description,
            .quantity = line.quantity,
            .amount = line.amount,
            .period = line.period,
            .overage_charge = charge_of(line),
            .provider_price = line.price,
        });
    }
    return ours;
}

}  // namespace

Result<std::optional<InvoiceId>> mirror_provider_invoice(sql::Transaction& tx,
                                                         const MirrorScope& scope,
                                                         const ProviderInvoice& theirs) {
    const auto customer = find_customer_of_provider(tx, scope.provider, theirs.customer);
    if (!customer) return std::optional<InvoiceId>();
    const auto status = parse_invoice_status(theirs.status);
    if (!status)
        return fail(ErrorCode::Unprocessable, "invoice.unknown_status",
                    "the provider's invoice status '" + theirs.status + "' is not known here");

    const auto before = find_invoice_of_provider(tx, scope.provider, theirs.id);
    warn_of_wrong_sum(theirs);
    Invoice ours = translate(scope, theirs, *customer, *status);
    if (theirs.subscription) {
        const auto subscription =
            find_subscription_of_provider(tx, scope.provider, *theirs.subscription);
        if (subscription) ours.subscription = subscription->id;
    }
    const auto kept = mirror_invoice(tx, ours, scope.ticket, scope.now);
    if (!kept) return std::optional<InvoiceId>(before->id);
    ours.id = *kept;
    tell_invoice_move(tx, {scope.ids, scope.now, scope.authority}, before, ours);
    return kept;
}

}  // namespace turnpike
