#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/invoices/item_lines.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/subscriptions/cycles.h"
#include "sandbox/stripe/subscriptions/invoice_outcomes.h"
#include "sandbox/stripe/subscriptions/metered_items.h"
#include "sandbox/stripe/subscriptions/pending_updates.h"
#include "sandbox/stripe/subscriptions/proration_charges.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

/// The classic cycle starts anew when an item gets another interval, or when what was free gets a
/// price.
bool resets_classic_cycle(const Json& subscription, const std::vector<ItemRequest>& requests) {
    const Json& items = subscription.at("items").at("data");
    const BillingInterval interval = interval_of(items.at(0).at("price"));
    bool costs_something = false, will_cost = false;
    for (const Json& item : items) costs_something |= total_of(item.at("price"), 1) > 0;
    for (const ItemRequest& request : requests) {
        if (!request.price || request.deleted) continue;
        if (interval_of(*request.price) != interval) return true;
        will_cost |= total_of(*request.price, 1) > 0;
    }
    return !costs_something && will_cost;
}

/// Works on a copy of the subscription; nothing is stored until apply_change.
class ChangePlanner {
public:
    ChangePlanner(Context& ctx, const Json& subscription, const PlanChange& change)
        : ctx_(ctx),
          before_(subscription),
          change_(change),
          now_(second_of(ctx, text_of(subscription, "customer"))),
          at_(change.proration_date.value_or(now_)),
          trialing_(text_of(subscription, "status") == "trialing"),
          resumes_(change.resumption == PlanChange::Resumption::Yes),
          paused_(text_of(subscription, "status") == "paused" && !resumes_),
          classic_reset_(!trialing_ && !paused_ && is_classic(subscription) &&
                         resets_classic_cycle(subscription, change.items)) {
        result_.subscription = subscription;
        result_.redeemed = change.redeemed;
    }

    Outcome<PlannedChange> plan() {
        if (auto error = check_request()) return Refusal(*std::move(error));
        plan_trial();
        if (resets_anchor()) {
            result_.subscription["billing_cycle_anchor"] = unix_seconds(now_);
            at_ = now_;
        }
        if (auto error = plan_items()) return Refusal(*std::move(error));
        repeat_single_item(result_.subscription);
        const bool invoices = change_.proration == ProrationBehavior::AlwaysInvoice;
        result_.invoices_now = (invoices && !result_.prorations.empty()) || !result_.lines.empty();
        const Json& first = before_.at("items").at("data").at(0);
        result_.invoice_period = {resets_anchor() ? now_ : period_of_item(first).start, now_};
        return std::move(result_);
    }

private:
    [[nodiscard]] bool ends_trial() const {
        return trialing_ && change_.trial_end && *change_.trial_end <= now_;
    }
    [[nodiscard]] bool starts_trial() const {
        return change_.trial_end && *change_.trial_end > now_;
    }
    [[nodiscard]] bool resets_anchor() const {
        return change_.anchor == PlanChange::Anchor::Now || ends_trial() || classic_reset_;
    }
    /// Nothing is charged for the time that runs.
    [[nodiscard]] bool is_free() const { return trialing_ || paused_; }
    /// A period is over and not renewed yet: a schedule's phase begins with the next one.
    [[nodiscard]] bool renews_now() const {
        return std::ranges::any_of(before_.at("items").at("data"), [&](const Json& item) {
            return period_of_item(item).end <= now_;
        });
    }
    [[nodiscard]] bool prorates() const {
        return change_.proration != ProrationBehavior::None && !is_free();
    }
    [[nodiscard]] std::string currency() const { return text_of(before_, "currency"); }
    [[nodiscard]] Instant anchor() const {
        return *instant_of(result_.subscription, "billing_cycle_anchor");
    }

    std::optional<StripeError> check_request() {
        if (auto error =
                check_currency(change_.items, change_.added_charges, text_of(before_, "currency")))
            return error;
        if (!change_.proration_date) return std::nullopt;
        const Json& first = before_.at("items").at("data").at(0);
        const Period period =
            resumes_ ? period_containing(anchor(), interval_of(first.at("price")), now_)
                     : period_of_item(first);
        if (period.start <= at_ && at_ <= period.end) return std::nullopt;
        return bad_param("proration_date", "",
                         "Invalid proration_date: it must be within the current period of the "
                         "subscription.")
            .error();
    }

    void plan_trial() {
        Json& after = result_.subscription;
        if (ends_trial()) {
            after["trial_end"] = unix_seconds(now_);
            after["status"] = "active";
        } else if (starts_trial()) {
            if (!trialing_) after["trial_start"] = unix_seconds(now_);
            after.erase("_trial_warned");
            after["trial_end"] = unix_seconds(*change_.trial_end);
            after["billing_cycle_anchor"] = unix_seconds(*change_.trial_end);
            after["status"] = "trialing";
        }
    }

    /// What happens to one item.
    struct ItemStep {
        const Json* old = nullptr;  ///< null: it is added
        std::size_t now = kGone;    ///< its place after the change
        bool billed = true;
    };
    static constexpr std::size_t kGone = std::numeric_limits<std::size_t>::max();

    std::optional<StripeError> plan_items() {
        std::vector<ItemStep> steps;
        if (auto error = place_items(steps)) return error;
        if (items().empty())
            return bad_param("items", "", "A subscription must have at least one active plan.")
                .error();
        const auto cycles = cycles_of(steps);
        if (auto error = plan_end(cycles)) return error;
        const auto discounts = discounts_of_invoice(ctx_, result_.subscription, at_);
        const auto charges = proration_rules(before_).cycle(result_.subscription, discounts, at_);
        for (const ItemStep& step : steps) {
            if (step.old != nullptr && step.billed && !resumes_)
                settle_up(*step.old, step.now == kGone);
            if (step.now == kGone) continue;
            Json& item = items()[step.now];
            const PeriodCharge& cost = charges[step.now];
            step.billed ? charge(item, cost, cycles[step.now])
                        : cut_period(item, cost, cycles[step.now]);
        }
        move_classic_anchor(cycles);
        return check_item_prices(result_.subscription, ItemsOf::Subscription);
    }

    /// The periods of the items after the change, in their order, were there no end.
    std::vector<Period> cycles_of(const std::vector<ItemStep>& steps) {
        std::vector<Period> cycles;
        for (const ItemStep& step : steps) {
            if (step.now == kGone) continue;
            const Json& item = items()[step.now];
            if (starts_trial()) {
                cycles.push_back({now_, *change_.trial_end});
            } else if (is_free() && !resets_anchor()) {
                cycles.push_back(period_of_item(before_.at("items").at("data").at(0)));
            } else if (step.billed) {
                cycles.push_back(period_containing(anchor(), interval_of(item.at("price")), at_));
            } else {
                cycles.push_back(cycle_of_item(before_, *step.old));
            }
        }
        return cycles;
    }

    std::optional<StripeError> plan_end(const std::vector<Period>& cycles) {
        PeriodEnds ends{cycles.front().end, cycles.front().end};
        for (const Period& cycle : cycles)
            ends = {std::min(ends.first, cycle.end), std::max(ends.last, cycle.end)};
        Json& after = result_.subscription;
        if (auto error = ask_for_end(after, change_.end, ends, now_)) return error;
        // What was asked for is the end of the period, wherever that is now.
        if (!change_.end.asks() && flag_of(after, "cancel_at_period_end"))
            after["cancel_at"] = unix_seconds(ends.first);
        end_ = life_end(after);
        return std::nullopt;
    }

    /// In classic billing the cycles are counted from an end that comes before theirs.
    void move_classic_anchor(const std::vector<Period>& cycles) {
        const bool is_sooner = end_ && std::ranges::any_of(cycles, [&](const Period& cycle) {
                                   return *end_ < cycle.end;
                               });
        if (is_sooner && is_classic(before_) && !is_free() && change_.end.asks())
            result_.subscription["billing_cycle_anchor"] = unix_seconds(*end_);
    }

    Json& items() { return result_.subscription["items"]["data"]; }

    /// The items after the change, with their prices, quantities and discounts.
    std::optional<StripeError> place_items(std::vector<ItemStep>& steps) {
        items() = Json::array();
        std::vector<bool> requested(change_.items.size(), false);
        for (const Json& old : before_.at("items").at("data")) {
            const ItemRequest* request = request_for(old, requested);
            if (request != nullptr && request->deleted) {
                steps.push_back({&old, kGone, true});
                continue;
            }
            Json item = request == nullptr ? old : changed_item(before_, old, *request);
            steps.push_back({&old, items().size(), is_billed_anew(old, item)});
            if (auto error = place(std::move(item), request)) return error;
        }
        for (std::size_t i = 0; i < change_.items.size(); ++i) {
            const ItemRequest& request = change_.items[i];
            if (requested[i]) continue;
            const std::string where = "items[" + std::to_string(i) + "]";
            if (!request.id.empty())
                return no_such_param("subscription_item", request.id, where + "[id]").error();
            if (!request.price) return missing_param(where + "[price]").error();
            steps.push_back({nullptr, items().size(), true});
            if (auto error = place(new_item(ctx_, before_, request, {now_, now_}), &request))
                return error;
        }
        return std::nullopt;
    }

    std::optional<StripeError> place(Json item, const ItemRequest* request) {
        if (request != nullptr && request->discounts)
            if (auto error =
                    set_item_discounts(ctx_, before_, item, *request->discounts, result_.redeemed))
                return error;
        items().push_back(std::move(item));
        return std::nullopt;
    }

    const ItemRequest* request_for(const Json& item, std::vector<bool>& requested) {
        for (std::size_t i = 0; i < change_.items.size(); ++i) {
            if (change_.items[i].id != text_of(item, "id")) continue;
            requested[i] = true;
            return &change_.items[i];
        }
        return nullptr;
    }

    [[nodiscard]] bool is_billed_anew(const Json& old, const Json& item) const {
        return text_of(old, "price") != text_of(item, "price") ||
               old.value("quantity", Json()) != item.value("quantity", Json()) || resets_anchor() ||
               starts_trial() || resumes_;
    }

    /// What the item has been charged too much for, or not been charged for yet.
    void settle_up(const Json& old, bool is_gone) {
        if (is_metered(old.at("price"))) {
            bill_usage(old, is_gone ? LastMoment::Counts : LastMoment::CountsNext);
        } else {
            credit(old, {at_, paid_until(old)});
        }
    }

    /// Usage costs what the price says that was in force when it was reported.
    void bill_usage(const Json& item, LastMoment last) {
        if (is_free()) return;
        for (Json& line : usage_lines(ctx_, before_, item, unbilled_usage(item, now_), last)) {
            if (resets_anchor()) {
                result_.lines.push_back(std::move(line));
            } else if (integer_of(line, "amount") != 0) {
                result_.prorations.push_back(pending_usage(item, line));
            }
        }
    }

    Json pending_usage(const Json& item, const Json& line) {
        NewInvoiceItem request;
        request.customer = text_of(before_, "customer");
        request.currency = text_of(line, "currency");
        request.amount = integer_of(line, "amount");
        request.quantity = integer_of(line, "quantity");
        request.description = text_of(line, "description");
        request.period = unbilled_usage(item, now_);
        request.subscription = text_of(before_, "id");
        request.subscription_item = text_of(item, "id");
        request.price = item.at("price");
        Json pending = new_invoice_item(ctx_, request);
        set_discounts(pending, discounts_at(item, at_));
        return pending;
    }

    /// What was paid for this time, by one charge after the other.
    void credit(const Json& item, Period unused) {
        while (prorates() && unused.start < unused.end) {
            const auto billed = proration_rules(before_).unused(ctx_, before_, item, unused.start);
            if (!billed || billed->until <= unused.start) return;
            const Period credited{unused.start, std::min(billed->until, unused.end)};
            add_proration(item,
                          {LineKind::UnusedTime, before_, item, billed->price, billed->quantity, 0,
                           credited, billed->credited_items},
                          part_of_charge(billed->charge, billed->period, credited, currency(),
                                         Direction::Credit),
                          write_charge(billed->charge, billed->period));
            unused.start = credited.end;
        }
    }

    /// A part of a cycle that was not charged for yet.
    void debit(const Json& item, const PeriodCharge& cost, const Period& cycle, Period part) {
        static const Json kNothing;
        add_proration(item,
                      {LineKind::RemainingTime, result_.subscription, item, item.at("price"),
                       integer_of(item, "quantity"), cost.gross, part, kNothing},
                      part_of_charge(cost, cycle, part, currency(), Direction::Charge),
                      write_charge(cost, cycle));
    }

    /// The item stays as it is, but its period may end sooner, or later, than it did.
    void cut_period(Json& item, const PeriodCharge& cost, const Period& cycle) {
        const Period old = period_of_item(item);
        if (is_free() || old.end <= now_) return;
        const Instant paid = paid_until(item);
        const Instant end = cut_off(cycle, end_).end;
        if (end == old.end) return;
        set_item_period(item, {old.start, end});
        if (is_metered(item.at("price"))) return;
        if (end < paid) credit(item, {end, paid});
        if (end > paid && prorates()) debit(item, cost, cycle, {paid, end});
        set_paid_until(item, prorates() ? end : std::max(end, paid));
    }

    /// Gives the item its new period and charges for it.
    void charge(Json& item, const PeriodCharge& cost, const Period& cycle) {
        if (starts_trial() || (is_free() && !resets_anchor())) {
            set_item_period(item, cycle);
            return;
        }
        if (renews_now() && !resets_anchor() && cycle.start == at_) {
            // The renewal of this moment charges what begins now.
            set_item_period(item, {period_of_item(item).start, at_});
            return;
        }
        const Period period = cut_off(cycle, end_);
        const Instant paid = paid_until(item);
        set_item_period(item, period);
        set_paid_until(item, period.end);
        item.erase("_usage_from");
        if (is_metered(item.at("price"))) {
            item["_usage_from"] = unix_seconds(now_);
        } else if (resets_anchor()) {
            for (Json& line : lines_of_cycle(ctx_, result_.subscription, item, {period, cycle}))
                result_.lines.push_back(std::move(line));
        } else if (prorates()) {
            debit(item, cost, cycle, {at_, period.end});
        } else {
            set_paid_until(item, std::max(paid, period.end));
        }
    }

    /// The amount is that of `part`, which is a part of `whole`.
    void add_proration(const Json& item, const ItemLine& line, const ChargedPart& part,
                       Json whole) {
        const bool itemized = itemizes_discounts(before_);
        NewInvoiceItem request;
        request.customer = text_of(before_, "customer");
        request.currency = text_of(line.price, "currency");
        request.amount = itemized ? part.gross : part.net;
        request.quantity = line.quantity;
        request.description = describe(ctx_, line);
        request.period = line.period;
        request.subscription = text_of(before_, "id");
        request.subscription_item = text_of(item, "id");
        request.price = line.price;
        request.credited_items = line.credited_items;
        request.kind = NewInvoiceItem::Kind::Proration;
        Json proration = new_invoice_item(ctx_, request);
        set_discounts(proration, discounts_at(item, at_));
        proration["net_amount"] = part.net;
        proration["_debit"] = line.kind == LineKind::RemainingTime;
        proration["_cycle"] = std::move(whole);
        proration["_taken"] = discount_amounts_of(part.discounts);
        auto shown = part.discounts;
        if (!itemized)
            for (DiscountShare& share : shown) share.amount = 0;
        proration["proration_details"]["discount_amounts"] = discount_amounts_of(shown);
        result_.prorations.push_back(std::move(proration));
    }

    Context& ctx_;
    const Json& before_;
    const PlanChange& change_;
    Instant now_, at_;
    bool trialing_, resumes_, paused_;
    bool classic_reset_;
    std::optional<Instant> end_;  ///< of the subscription, after the change
    PlannedChange result_;
};

StripeError incomplete_payment(const AttemptResult& result) {
    StripeError error = result.error;
    if (result.kind != AttemptResult::Kind::ActionRequired) return error;
    error.code = "subscription_payment_intent_requires_action";
    error.message =
        "Payment for this subscription requires additional user action, but the requested payment "
        "behavior doesn't save the invoice or PaymentIntent. Retry the request with "
        "`payment_behavior=allow_incomplete` or `payment_behavior=default_incomplete`, then "
        "complete the PaymentIntent on the subscription's latest invoice. Additional information "
        "is available here: "
        "https://stripe.com/docs/billing/subscriptions/overview#requires-action";
    return error;
}

/// Finalizes a draft that is charged automatically, and charges it.
std::optional<StripeError> collect_now(Context& ctx, Json draft, const Payment& payment) {
    auto invoice = finalize_invoice(ctx, std::move(draft));
    if (!invoice) return invoice.error();
    if (text_of(*invoice, "status") != "open") return std::nullopt;
    if (payment.behavior == PaymentBehavior::DefaultIncomplete) {
        invoice_was_not_paid(ctx, kInvoiceUnpaid, *invoice);
        return std::nullopt;
    }
    const AttemptResult result = attempt_payment(
        ctx, *std::move(invoice), {payment.session, AttemptReason::Automatic, std::string()});
    const bool must_be_paid = payment.behavior == PaymentBehavior::ErrorIfIncomplete;
    const bool failed = result.kind == AttemptResult::Kind::Failed ||
                        result.kind == AttemptResult::Kind::ActionRequired;
    if (must_be_paid && failed) return incomplete_payment(result);
    return std::nullopt;
}

}  // namespace

Outcome<PlannedChange> plan_change(Context& ctx, const Json& subscription,
                                   const PlanChange& change) {
    return ChangePlanner(ctx, subscription, change).plan();
}

Outcome<Json> apply_change(Context& ctx, PlannedChange planned, const PlanChange& change) {
    Json subscription = std::move(planned.subscription);
    store_subscription_discounts(ctx, subscription, planned.redeemed);
    for (const Json& proration : planned.prorations) {
        ctx.put(proration);
        ctx.emit("invoiceitem.created", proration);
    }
    if (auto error = add_charges(ctx, subscription, change.added_charges))
        return Refusal(*std::move(error));
    if (!planned.invoices_now) {
        update_subscription_document(ctx, subscription);
        return subscription;
    }
    const std::string pause = pause_behavior(subscription);
    Payment payment = change.payment;
    if (!pause.empty()) payment.behavior = PaymentBehavior::DefaultIncomplete;
    Json draft = draft_subscription_invoice(
        ctx, subscription,
        {"subscription_update", planned.invoice_period, std::move(planned.lines)}, payment);
    if (!pause.empty()) {
        subscription["latest_invoice"] = draft.at("id");
        publish_draft(ctx, draft);
        update_subscription_document(ctx, subscription);
        apply_pause(ctx, pause, std::move(draft));
        return subscription;
    }
    if (change.source == PlanChange::Source::Needed && integer_of(draft, "amount_due") > 0 &&
        is_automatic(draft) && !has_payment_source(ctx, subscription))
        return no_payment_source();
    if (change.payment.behavior == PaymentBehavior::PendingIfIncomplete) {
        const auto before = ctx.find("subscription", text_of(subscription, "id"));
        check(before.has_value(), "a subscription is never removed");
        return apply_when_paid(ctx, *before, std::move(subscription),
                               {std::move(draft), change.payment});
    }
    subscription["latest_invoice"] = draft.at("id");
    update_subscription_document(ctx, subscription);
    return collect_subscription_invoice(ctx, text_of(subscription, "id"), std::move(draft),
                                        change.payment);
}

Json draft_subscription_invoice(Context& ctx, const Json& subscription, ImmediateInvoice invoice,
                                const Payment& payment) {
    NewInvoice request;
    request.customer = text_of(subscription, "customer");
    request.currency = text_of(subscription, "currency");
    request.billing_reason = std::move(invoice.billing_reason);
    request.subscription = text_of(subscription, "id");
    request.period = invoice.period;
    request.collection_method = text_of(subscription, "collection_method");
    request.auto_advance = payment.behavior != PaymentBehavior::DefaultIncomplete;
    auto draft = draft_invoice(ctx, request);
    check(draft.has_value(), "a subscription's customer exists");
    set_discounts(*draft, discounts_of_invoice(ctx, subscription, *instant_of(*draft, "created")));
    auto lines = take_pending_items(ctx, *draft, request.subscription);
    std::ranges::move(invoice.lines, std::back_inserter(lines));
    put_on_invoice(*draft, std::move(lines));
    if (request.collection_method == "send_invoice")
        (*draft)["due_date"] =
            integer_of(*draft, "created") + 86'400 * integer_of(subscription, "days_until_due");
    ctx.put(*draft);
    return *std::move(draft);
}

Outcome<Json> collect_subscription_invoice(Context& ctx, const std::string& subscription,
                                           Json draft, const Payment& payment) {
    const bool waits = !is_automatic(draft);
    if (waits) draft["auto_advance"] = true;
    publish_draft(ctx, draft);
    if (!waits)
        if (auto error = collect_now(ctx, std::move(draft), payment))
            return Refusal(*std::move(error));
    auto now_is = ctx.find("subscription", subscription);
    check(now_is.has_value(), "a subscription is never removed");
    return *std::move(now_is);
}

}  // namespace turnpike::twin
