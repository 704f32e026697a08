#include "billing/life/mirror.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "audit/audit.h"
#include "billing/life/period_close.h"
#include "billing/life/provider_move.h"
#include "billing/provider/customer_time.h"
#include "billing/records/mirrored_discounts.h"
#include "billing/records/mirrored_state.h"
#include "billing/records/stored_checkout.h"
#include "billing/telling/moves.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "subscriptions/discounts.h"
#include "subscriptions/service.h"
#include "subscriptions/trials.h"

namespace turnpike {
namespace {

constexpr std::string_view kNextTicket = R"sql(
    INSERT INTO fetch_tickets (name, last) VALUES ('provider', 1)
    ON CONFLICT (name) DO UPDATE SET last = fetch_tickets.last + 1
    RETURNING last
)sql";

std::optional<SoldAs> sold_as(sql::Transaction& tx, std::string_view provider,
                              const std::string& provider_price) {
    const auto price = find_price_of_provider(tx, provider, provider_price);
    if (!price) return std::nullopt;
    return SoldAs{price->price, price->plan_version};
}

std::optional<PriceId> price_planned(sql::Transaction& tx, std::string_view provider,
                                     const ProviderSubscription& theirs) {
    if (!theirs.planned) return std::nullopt;
    const auto sold = sold_as(tx, provider, theirs.planned->price);
    if (!sold) return std::nullopt;
    return sold->price;
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
    const bool is_free =
        tagged && tagged->provider == provider && !tagged->provider_subscription_id;
    if (!is_free) return std::nullopt;
    return *std::move(tagged);
}

/// The old provider's object ends because the subscription moves; it goes on at the new one.
bool ends_by_moving(sql::Transaction& tx, const Subscription& ours, SubscriptionStatus status) {
    if (!is_terminal(status)) return false;
    const auto move = find_open_move(tx, ours.id);
    return move && move->state == ProviderMove::State::Ending;
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

/// The name that the checkout has given it, unless that is somebody else's or was used before.
SubscriptionId id_for_adopted(sql::Transaction& tx, const MirrorScope& scope,
                              const CustomerId& customer,
                              const std::optional<CheckoutSession>& checkout) {
    if (checkout && checkout->customer == customer &&
        !load_subscription(tx, checkout->subscription))
        return checkout->subscription;
    return scope.ids.make<SubscriptionId>(scope.now);
}

/// A subscription that somebody made at the provider for a customer and a price of ours: at its
/// checkout page, with `checkout`, which ends with it; or by other means.
std::optional<Subscription> adopt(sql::Transaction& tx, const MirrorScope& scope,
                                  const ProviderSubscription& theirs,
                                  const std::optional<SoldAs>& sold,
                                  const std::optional<CheckoutSession>& checkout) {
    const auto customer = find_customer_of_provider(tx, scope.provider, theirs.customer);
    if (!customer || !sold || theirs.ended_at) return std::nullopt;
    Subscription ours{
        .id = id_for_adopted(tx, scope, *customer, checkout),
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
    if (checkout && checkout->subscription == ours.id)
        end_checkout(tx, checkout->id, CheckoutStatus::Complete, scope.now);
    return ours;
}

}  // namespace

std::optional<CheckoutSession> find_checkout_of(sql::Transaction& tx, std::string_view provider,
                                                const ProviderSubscription& theirs) {
    const auto tag = theirs.metadata.find("turnpike_subscription");
    if (tag == theirs.metadata.end()) return std::nullopt;
    return find_checkout_of_subscription(tx, provider, tag->second);
}

bool is_on_its_page(const CheckoutSession& checkout, const ProviderSubscription& theirs) {
    return checkout.may_be_paid() && theirs.status == "incomplete";
}

std::int64_t next_fetch_ticket(sql::Transaction& tx) { return tx.one(kNextTicket)->integer(0); }

namespace {

/// What is ours, or becomes ours now.
std::optional<Subscription> ours_of(sql::Transaction& tx, const MirrorScope& scope,
                                    const ProviderSubscription& theirs,
                                    const std::optional<SoldAs>& sold) {
    if (auto known = find_ours(tx, scope.provider, theirs)) return known;
    if (auto move = find_move_of(tx, scope.provider, theirs)) {
        hear_of_moving(tx, scope, *std::move(move), theirs);
        return std::nullopt;
    }
    const auto checkout = find_checkout_of(tx, scope.provider, theirs);
    if (checkout && is_on_its_page(*checkout, theirs)) return std::nullopt;
    return adopt(tx, scope, theirs, sold, checkout);
}

/// The new provider charges, be it sooner than was agreed.
bool charges_already(const ProviderSubscription& theirs, Instant paid_until) {
    return theirs.period.start >= theirs.trial_end.value_or(paid_until) ||
           theirs.status == "active" || theirs.status == "past_due" || theirs.status == "unpaid";
}

}  // namespace

ProviderSubscription in_paid_time(const Subscription& ours, ProviderSubscription theirs) {
    if (!ours.paid_elsewhere_until) return theirs;
    theirs.started_at = ours.started_at.value_or(theirs.started_at);
    // What waits for the end of the time that is paid elsewhere calls itself a trial; whether it is
    // one was settled there. Until when, the new provider says: it charges then.
    const bool is_trial = ours.status == SubscriptionStatus::Trialing;
    const auto begins_at = theirs.trial_end;
    const bool was_given_since = !is_trial && begins_at && begins_at != ours.trial_end &&
                                 *begins_at > *ours.paid_elsewhere_until;
    if (was_given_since) return theirs;
    const bool is_charged = charges_already(theirs, *ours.paid_elsewhere_until);
    theirs.trial_start = ours.trial_start;
    theirs.trial_end = is_trial && begins_at ? begins_at : ours.trial_end;
    if (is_charged) {
        // What is charged is no trial any more.
        if (is_trial && theirs.trial_end)
            theirs.trial_end = std::min(*theirs.trial_end, theirs.period.start);
        return theirs;
    }
    theirs.period = {ours.period.start, begins_at.value_or(ours.period.end)};
    if (theirs.status == "trialing" && !is_trial) theirs.status = "active";
    return theirs;
}

Result<std::optional<Subscription>> mirror_subscription(sql::Transaction& tx,
                                                        const MirrorScope& scope,
                                                        const ProviderSubscription& fetched) {
    const auto sold = sold_as(tx, scope.provider, fetched.price);
    auto before = ours_of(tx, scope, fetched, sold);
    if (!before) return std::optional<Subscription>();
    const auto theirs = in_paid_time(*before, fetched);
    const auto status = parse_subscription_status(theirs.status);
    if (!status || *status == SubscriptionStatus::Creating)
        return fail(ErrorCode::Unprocessable, "subscription.unknown_status",
                    "the provider's status '" + theirs.status + "' is not known here");
    if (ends_by_moving(tx, *before, *status)) return before;
    if (!claim_subscription_ticket(tx, before->id, scope.ticket)) return before;

    const SeenState seen{.theirs = theirs,
                         .status = *status,
                         .sold = sold,
                         .planned_for = price_planned(tx, scope.provider, theirs),
                         .customer_now = customer_time(tx, before->customer, scope.now),
                         .grace = scope.grace};
    const Subscription after = with_state_of(*before, seen);
    const auto discounts = changed_discounts(tx, before->id, theirs);
    if (same_state(*before, after) && !discounts) return before;
    if (would_be_second(tx, *before, after)) {
        record_second(tx, scope, before->customer, theirs.id);
        return before;
    }

    auto saved = save_subscription(tx, after, scope.now);
    if (!saved) return failure(saved);
    if (discounts) replace_discounts(tx, saved->id, saved->version, *discounts);
    if (saved->trial_end) (void)use_trial(tx, *saved, scope.now);  // also one given at the provider
    // Before it was paid for the first time nothing can have been used.
    const bool had_begun = before->status != SubscriptionStatus::Creating &&
                           before->status != SubscriptionStatus::Incomplete;
    if (had_begun) queue_period_closes(tx, *before, *saved, scope.now);
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

constexpr std::string_view kUsedTime = R"sql(
    SELECT period_start, period_end FROM overage_charges WHERE id = $1
)sql";

/// A charge is of the time that was used, wherever its line is billed: Razorpay's lines have no
/// time but their bill's.
void date_charges(sql::Transaction& tx, Invoice& invoice) {
    for (auto& line : invoice.lines) {
        if (!line.overage_charge) continue;
        const auto used = tx.one(kUsedTime, {*line.overage_charge});
        if (used) line.period = {used->instant(0), used->instant(1)};
    }
}

LineKind kind_of(const ProviderInvoiceLine& line) {
    if (line.metadata.contains(kChargeName)) return LineKind::Overage;
    if (line.proration) return LineKind::Proration;
    return line.from_subscription ? LineKind::Plan : LineKind::Other;
}

/// A grace is counted from the invoice that is not paid, as far as it belongs to the running
/// period, and not from when somebody noticed.
constexpr std::string_view kMoveGraceBack = R"sql(
    UPDATE subscriptions SET grace_ends_at = $2, version = version + 1
     WHERE id = $1 AND status = 'past_due' AND grace_ends_at > $2 AND period_start <= $3
)sql";

void count_grace(sql::Transaction& tx, const MirrorScope& scope, const Invoice& invoice) {
    const bool was_tried = invoice.status == InvoiceStatus::Open && invoice.attempt_count > 0;
    if (!was_tried || !invoice.subscription || !invoice.issued_at) return;
    tx.run(kMoveGraceBack,
           {*invoice.subscription, *invoice.issued_at + scope.grace, *invoice.issued_at});
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
        .refunded = Money(0, theirs.total.currency()),
        .due_at = theirs.due_at,
        .attempt_count = theirs.attempt_count,
        .next_attempt_at = theirs.next_attempt_at,
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
    date_charges(tx, ours);
    if (theirs.subscription) {
        const auto subscription =
            find_subscription_of_provider(tx, scope.provider, *theirs.subscription);
        const auto move = subscription
                              ? std::nullopt
                              : find_move_of_object(tx, scope.provider, *theirs.subscription);
        if (subscription) ours.subscription = subscription->id;
        if (move) ours.subscription = move->subscription;
    }
    count_grace(tx, scope, ours);
    if (before) {
        ours.refunded = before->refunded;
        ours.disputed = before->disputed;
    }
    const auto kept = mirror_invoice(tx, ours, scope.ticket, scope.now);
    if (!kept) return std::optional<InvoiceId>(before->id);
    ours.id = *kept;
    tell_invoice_move(tx, {scope.ids, scope.now, scope.authority}, before, ours);
    return kept;
}

}  // namespace turnpike
