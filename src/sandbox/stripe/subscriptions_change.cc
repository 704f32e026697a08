#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/money.h"
#include "json/value.h"
#include "sandbox/stripe/amounts.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/invoice_items.h"
#include "sandbox/stripe/invoice_lines.h"
#include "sandbox/stripe/subscriptions.h"
#include "sandbox/stripe/subscriptions_params.h"
#include "subscriptions/billing_period.h"
#include "subscriptions/proration.h"

namespace turnpike::twin {
namespace {

/// What the customer was last charged for an item and has not used up at some moment.
struct Billed {
    Json price;
    std::int64_t quantity = 1;
    std::int64_t total = 0;  ///< for the whole `period`
    Period period;
    Json credited_items;  ///< where; null while the charge waits for an invoice
};

bool is_charge_for(const Json& details, const std::string& item) {
    return text_of(details, "subscription_item") == item &&
           part_of(part_of(details, "proration_details"), "credited_items").empty();
}

Period period_of_line(const Json& line) {
    const Json& period = part_of(line, "period");
    return {from_unix_seconds(integer_of(period, "start")),
            from_unix_seconds(integer_of(period, "end"))};
}

/// Reads a charge from an invoice line or a pending item; both have pricing, quantity and period.
std::optional<Billed> read_billed(Context& ctx, const Json& charge, const Json& item,
                                  bool proration) {
    const Json& pricing = part_of(charge, "pricing");
    const std::string id = text_of(part_of(pricing, "price_details"), "price");
    auto price = ctx.find("price", id);
    // A deleted plan lives on in the items that have it.
    if (!price && text_of(item.at("price"), "id") == id) price = item.at("price");
    if (!price) return std::nullopt;
    Billed billed;
    billed.quantity = charge.value("quantity", std::int64_t{1});
    billed.period = period_of_line(charge);
    // "Remaining time" is a part of the item's period at its full price.
    if (proration) billed.period.start = period_of_item(item).start;
    billed.total = total_of(text_of(pricing, "unit_amount_decimal").empty() ? *price : pricing,
                            billed.quantity);
    billed.price = *std::move(price);
    return billed;
}

std::optional<Billed> find_billed(Context& ctx, const Json& subscription, const Json& item,
                                  Instant at) {
    const std::string id = text_of(item, "id");
    const std::string customer = text_of(subscription, "customer");
    for (const Json& pending : ctx.list("invoiceitem", {.parent = pending_parent(customer)})) {
        const Json& source = part_of(part_of(pending, "parent"), "subscription_details");
        const bool charge = text_of(source, "subscription_item") == id &&
                            pending.value("_credited_items", Json()).is_null() &&
                            flag_of(pending, "_debit");
        if (charge && contains(period_of_line(pending), at))
            return read_billed(ctx, pending, item, true);
    }
    for (const Json& invoice : ctx.list("invoice", {.parent = text_of(subscription, "id")})) {
        if (text_of(invoice, "status") == "void") continue;
        const Json& lines = part_of(part_of(invoice, "lines"), "data");
        for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
            const Json& details = part_of(part_of(*line, "parent"), "subscription_item_details");
            const bool credit = integer_of(*line, "amount") < 0;
            if (credit || !is_charge_for(details, id) || !contains(period_of_line(*line), at))
                continue;
            auto billed = read_billed(ctx, *line, item, flag_of(details, "proration"));
            if (!billed) continue;
            billed->credited_items["invoice"] = invoice.at("id");
            billed->credited_items["invoice_line_items"] = Json::array({line->at("id")});
            return billed;
        }
    }
    return std::nullopt;
}

Currency currency_of(const Json& price) {
    // The arithmetic does not depend on it; the sandbox knows more currencies than the catalog.
    return parse_currency(text_of(price, "currency")).value_or(Currency::Usd);
}

std::int64_t share_of(std::int64_t total, const Json& price, Period period, Instant at) {
    const auto share = prorate(Money(total, currency_of(price)), period, at, Rounding::HalfUp);
    return share ? share->minor() : 0;
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
          trialing_(text_of(subscription, "status") == "trialing") {
        result_.subscription = subscription;
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
        return change_.anchor == PlanChange::Anchor::Now || ends_trial();
    }
    [[nodiscard]] bool prorates() const {
        return change_.proration != ProrationBehavior::None && !trialing_;
    }
    [[nodiscard]] Instant anchor() const {
        return *instant_of(result_.subscription, "billing_cycle_anchor");
    }

    std::optional<StripeError> check_request() {
        if (auto error =
                check_currency(change_.items, change_.added_charges, text_of(before_, "currency")))
            return error;
        if (!change_.proration_date) return std::nullopt;
        const Json& first = before_.at("items").at("data").at(0);
        const Period period = period_of_item(first);
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
            after["trial_end"] = unix_seconds(*change_.trial_end);
            after["billing_cycle_anchor"] = unix_seconds(*change_.trial_end);
            after["status"] = "trialing";
        }
    }

    std::optional<StripeError> plan_items() {
        std::vector<Json> items;
        std::vector<bool> requested(change_.items.size(), false);
        for (const Json& old : before_.at("items").at("data")) {
            const ItemRequest* request = request_for(old, requested);
            if (request != nullptr && request->deleted) {
                credit(old);
                continue;
            }
            items.push_back(changed_item(old, request));
        }
        for (std::size_t i = 0; i < change_.items.size(); ++i) {
            const ItemRequest& request = change_.items[i];
            if (requested[i]) continue;
            const std::string where = "items[" + std::to_string(i) + "]";
            if (!request.id.empty())
                return no_such_param("subscription_item", request.id, where + "[id]").error();
            if (!request.price) return missing_param(where + "[price]").error();
            items.push_back(added_item(request));
        }
        if (items.empty())
            return bad_param("items", "", "A subscription must have at least one active plan.")
                .error();
        result_.subscription["items"]["data"] = std::move(items);
        return check_item_prices(result_.subscription);
    }

    const ItemRequest* request_for(const Json& item, std::vector<bool>& requested) {
        for (std::size_t i = 0; i < change_.items.size(); ++i) {
            if (change_.items[i].id != text_of(item, "id")) continue;
            requested[i] = true;
            return &change_.items[i];
        }
        return nullptr;
    }

    Json changed_item(const Json& old, const ItemRequest* request) {
        Json item = old;
        if (request != nullptr) {
            if (request->price) set_item_price(item, *request->price);
            if (request->quantity) item["quantity"] = *request->quantity;
            merge_metadata(item, request->metadata);
        }
        const bool other_price = text_of(old, "price") != text_of(item, "price");
        const bool other_amount = other_price || old.at("quantity") != item.at("quantity");
        if (!other_amount && !resets_anchor() && !starts_trial()) return item;
        credit(old);
        charge(item);
        return item;
    }

    Json added_item(const ItemRequest& request) {
        Json item = new_item(ctx_, before_, request, {now_, now_});
        charge(item);
        return item;
    }

    void credit(const Json& item) {
        if (!prorates()) return;
        const auto billed = find_billed(ctx_, before_, item, at_);
        if (!billed) return;
        const std::int64_t amount = -share_of(billed->total, billed->price, billed->period, at_);
        add_proration(item, {LineKind::UnusedTime,
                             before_,
                             item,
                             billed->price,
                             billed->quantity,
                             amount,
                             {at_, billed->period.end},
                             billed->credited_items});
    }

    /// Gives the item its new period and charges for it.
    void charge(Json& item) {
        const Json& price = item.at("price");
        const std::int64_t quantity = integer_of(item, "quantity");
        const std::int64_t total = total_of(price, quantity);
        static const Json kNothing;
        if (starts_trial()) {
            set_item_period(item, {now_, *change_.trial_end});
            return;
        }
        if (trialing_ && !resets_anchor()) {
            set_item_period(item, period_of_item(before_.at("items").at("data").at(0)));
            return;
        }
        const Period period = period_containing(anchor(), interval_of(price), at_);
        set_item_period(item, period);
        if (resets_anchor()) {
            result_.lines.push_back(
                subscription_line(ctx_, {LineKind::Regular, result_.subscription, item, price,
                                         quantity, total, period, kNothing}));
        } else if (prorates()) {
            add_proration(item, {LineKind::RemainingTime,
                                 before_,
                                 item,
                                 price,
                                 quantity,
                                 share_of(total, price, period, at_),
                                 {at_, period.end},
                                 kNothing});
        }
    }

    void add_proration(const Json& item, const ItemLine& line) {
        NewInvoiceItem request;
        request.customer = text_of(before_, "customer");
        request.currency = text_of(line.price, "currency");
        request.amount = line.amount;
        request.quantity = line.quantity;
        request.description = describe(ctx_, line);
        request.period = line.period;
        request.subscription = text_of(before_, "id");
        request.subscription_item = text_of(item, "id");
        request.price = line.price;
        request.credited_items = line.credited_items;
        request.kind = NewInvoiceItem::Kind::Proration;
        Json proration = new_invoice_item(ctx_, request);
        proration["_debit"] = line.kind == LineKind::RemainingTime;
        result_.prorations.push_back(std::move(proration));
    }

    Context& ctx_;
    const Json& before_;
    const PlanChange& change_;
    Instant now_, at_;
    bool trialing_;
    PlannedChange result_;
};

StripeError incomplete_payment(const AttemptResult& result) {
    StripeError error = result.error;
    if (result.kind != AttemptResult::Kind::ActionRequired) return error;
    error.code = "subscription_payment_intent_requires_action";
    error.message =
        "Payment for this subscription requires additional user action before it can be completed "
        "successfully. Payment can be completed using the PaymentIntent associated with "
        "subscription.latest_invoice.";
    return error;
}

}  // namespace

Outcome<PlannedChange> plan_change(Context& ctx, const Json& subscription,
                                   const PlanChange& change) {
    return ChangePlanner(ctx, subscription, change).plan();
}

Outcome<Json> apply_change(Context& ctx, PlannedChange planned, const PlanChange& change) {
    Json subscription = std::move(planned.subscription);
    for (const Json& proration : planned.prorations) {
        ctx.put(proration);
        ctx.emit("invoiceitem.created", proration);
    }
    if (!change.added_charges.empty()) add_charges(ctx, subscription, change.added_charges);
    if (!planned.invoices_now) {
        update_subscription_document(ctx, subscription);
        return subscription;
    }
    Json draft = draft_subscription_invoice(
        ctx, subscription,
        {"subscription_update", planned.invoice_period, std::move(planned.lines)}, change.payment);
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
    take_pending_items(ctx, *draft, request.subscription);
    put_on_invoice(*draft, std::move(invoice.lines));
    if (request.collection_method == "send_invoice")
        (*draft)["due_date"] =
            integer_of(*draft, "created") + 86'400 * integer_of(subscription, "days_until_due");
    (*draft)["default_payment_method"] = nullptr;
    ctx.put(*draft);
    return *std::move(draft);
}

Outcome<Json> collect_subscription_invoice(Context& ctx, const std::string& subscription,
                                           Json draft, const Payment& payment) {
    publish_draft(ctx, draft);
    auto invoice = finalize_invoice(ctx, std::move(draft));
    if (!invoice) return Refusal(invoice.error());
    const bool due = text_of(*invoice, "status") == "open";
    const bool automatic = text_of(*invoice, "collection_method") == "charge_automatically";
    if (due && automatic && payment.behavior == PaymentBehavior::DefaultIncomplete) {
        invoice_payment_failed(ctx, *invoice);
    } else if (due && automatic) {
        const AttemptResult result = attempt_payment(
            ctx, *std::move(invoice), {payment.session, AttemptReason::Automatic, std::string()});
        const bool must_be_paid = payment.behavior == PaymentBehavior::ErrorIfIncomplete;
        if (must_be_paid && result.kind != AttemptResult::Kind::Paid)
            return Refusal(incomplete_payment(result));
    }
    auto now_is = ctx.find("subscription", subscription);
    check(now_is.has_value(), "a subscription is never removed");
    return *std::move(now_is);
}

}  // namespace turnpike::twin
