#include "sandbox/razorpay/subscriptions.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sandbox/documents.h"
#include "sandbox/razorpay/calendar.h"
#include "sandbox/razorpay/customers.h"
#include "sandbox/razorpay/invoices.h"
#include "sandbox/razorpay/plans.h"
#include "sandbox/razorpay/scheduled_changes.h"

namespace turnpike::twin::razorpay {
namespace {

/// After the first try on day T: T+1, T+2, T+3.
constexpr std::int64_t kRetries = 3;
constexpr auto kRetryAfter = std::chrono::days(1);
/// What proves a mandate whose first cycle lies ahead; given back at once.
constexpr std::int64_t kProof = 500;

std::optional<Instant> next_step_of(const Json& subscription) {
    const auto charge = instant_of(subscription, "charge_at");
    switch (state_of(subscription)) {
        case State::Created: {
            const auto start = instant_of(subscription, "start_at");
            const auto expiry = instant_of(subscription, "expire_by");
            if (start && expiry) return std::min(*start, *expiry);
            return start ? start : expiry;
        }
        case State::Authenticated:
        case State::Pending: return charge;
        case State::Active:
        case State::Halted: return instant_of(subscription, "current_end");
        case State::Paused:
        case State::Cancelled:
        case State::Completed:
        case State::Expired: return std::nullopt;
    }
    return std::nullopt;
}

/// Addons that no invoice holds yet.
std::vector<Json> waiting_addons(Context& ctx, const Json& subscription) {
    auto addons = ctx.list("addon", {.parent = text_of(subscription, "id")}, {.limit = kAddonsMax});
    std::erase_if(addons, [](const Json& addon) { return !text_of(addon, "invoice_id").empty(); });
    return addons;
}

std::vector<InvoiceLine> with_addons(std::vector<InvoiceLine> lines,
                                     const std::vector<Json>& addons) {
    for (const Json& addon : addons)
        lines.push_back({.name = text_of(addon.at("item"), "name"),
                         .description = text_of(addon.at("item"), "description"),
                         .unit_amount = integer_of(addon.at("item"), "amount"),
                         .quantity = integer_of(addon, "quantity"),
                         .type = "addon"});
    return lines;
}

/// The bill of `lines` and of all waiting addons.
Json issue_for(Context& ctx, const Json& subscription, std::vector<InvoiceLine> lines) {
    const auto addons = waiting_addons(ctx, subscription);
    Json invoice = issue_invoice(ctx, {.subscription_id = text_of(subscription, "id"),
                                       .currency = currency_of(plan_of(ctx, subscription)),
                                       .lines = with_addons(std::move(lines), addons),
                                       .notes = subscription.at("notes")});
    for (Json addon : addons) {
        addon["invoice_id"] = invoice.at("id");
        ctx.put(addon);
    }
    return invoice;
}

InvoiceLine line_of_cycle(const Json& plan, const Json& subscription) {
    return {.name = text_of(plan.at("item"), "name"),
            .description = text_of(plan.at("item"), "description"),
            .unit_amount = unit_amount_of(plan),
            .quantity = integer_of(subscription, "quantity")};
}

Json issue_for_cycle(Context& ctx, const Json& subscription) {
    return issue_for(ctx, subscription, {line_of_cycle(plan_of(ctx, subscription), subscription)});
}

Json customer_of(Context& ctx, const Json& subscription) {
    return *ctx.find("customer", text_of(subscription, "customer_id"));
}

/// The first cycle begins now, later ones where the one before ended.
void begin_cycle(Context& ctx, Json& subscription) {
    const bool first = integer_of(subscription, "_cycles") == 0;
    const auto now = ctx.now_seconds();
    if (first) {
        subscription["_anchor"] = now;
        subscription["_index"] = 0;
        subscription["start_at"] = now;
    } else {
        subscription["_index"] = integer_of(subscription, "_index") + 1;
    }
    const Json plan = plan_of(ctx, subscription);
    const auto end = cycle_end(*instant_of(subscription, "_anchor"), interval_of_plan(plan),
                               integer_of(subscription, "_index"));
    subscription["_cycles"] = integer_of(subscription, "_cycles") + 1;
    subscription["current_start"] = first ? Json(now) : subscription.at("current_end");
    subscription["current_end"] = unix_seconds(end);
    subscription["auth_attempts"] = 0;
    set_outlook(subscription, plan);
}

bool is_last_cycle(const Json& subscription) {
    return integer_of(subscription, "_cycles") >= integer_of(subscription, "total_count");
}

void charged(Context& ctx, Json& subscription, const Json& payment) {
    subscription["_payment"] = payment.at("id");
    const bool activates = state_of(subscription) != State::Active;
    move_to_next_state(subscription, Trigger::Charged);
    subscription["paid_count"] = integer_of(subscription, "paid_count") + 1;
    subscription["auth_attempts"] = 0;
    subscription["charge_at"] = subscription.at("current_end");
    subscription["_invoice"] = nullptr;
    save_subscription(ctx, subscription);
    if (activates) ctx.emit("subscription.activated", {&subscription, &payment});
    ctx.emit("subscription.charged", {&subscription, &payment});
    if (is_last_cycle(subscription)) end_subscription(ctx, subscription, Trigger::Complete);
}

void charge_failed(Context& ctx, Json& subscription, const Json& payment) {
    subscription["_payment"] = payment.at("id");
    const auto attempts = integer_of(subscription, "auth_attempts") + 1;
    subscription["auth_attempts"] = attempts;
    const bool gives_up = attempts > kRetries;
    move_to_next_state(subscription, gives_up ? Trigger::GiveUp : Trigger::ChargeFailed);
    subscription["charge_at"] =
        gives_up ? subscription.at("current_end") : Json(unix_seconds(ctx.now() + kRetryAfter));
    save_subscription(ctx, subscription);
    ctx.emit(gives_up ? "subscription.halted" : "subscription.pending", {&subscription, &payment});
}

/// With the last payment that was tried, if any.
void emit_with_payment(Context& ctx, std::string_view event, const Json& subscription) {
    const auto payment = ctx.find("payment", text_of(subscription, "_payment"));
    if (payment)
        ctx.emit(event, {&subscription, &*payment});
    else
        ctx.emit(event, {&subscription});
}

/// Tries to collect `invoice` with what the subscription has.
void collect(Context& ctx, Json& subscription, Json invoice) {
    subscription["_invoice"] = invoice.at("id");
    const Json payment =
        charge_invoice(ctx, invoice, instrument_of(subscription), customer_of(ctx, subscription));
    if (flag_of(payment, "captured"))
        charged(ctx, subscription, payment);
    else
        charge_failed(ctx, subscription, payment);
}

/// At the end of a cycle, or the start of the first one that lay ahead.
void turn_over(Context& ctx, Json& subscription) {
    if (flag_of(subscription, "_cancels"))
        return end_subscription(ctx, subscription, Trigger::Cancel);
    apply_scheduled_changes(ctx, subscription);
    if (is_last_cycle(subscription)) return end_subscription(ctx, subscription, Trigger::Complete);
    begin_cycle(ctx, subscription);
    Json invoice = issue_for_cycle(ctx, subscription);
    set_billing_period(invoice, current_cycle(subscription));
    if (state_of(subscription) != State::Halted)
        return collect(ctx, subscription, std::move(invoice));
    subscription["charge_at"] = subscription.at("current_end");
    ctx.put(invoice);
    save_subscription(ctx, subscription);
}

void remember_payer(Json& subscription, const Instrument& instrument, const Json& customer) {
    subscription["_instrument"] = to_json(instrument);
    subscription["payment_method"] = instrument.method;
    subscription["customer_id"] = customer.at("id");
}

/// A payment that only proves the mandate: taken, and given back.
Json prove_mandate(Context& ctx, const Json& subscription, const Instrument& instrument,
                   const Json& customer) {
    Json order = open_order(ctx, {.amount = kProof,
                                  .currency = currency_of(plan_of(ctx, subscription)),
                                  .capture = NewOrder::Capture::Automatic});
    Json payment =
        attempt_payment(ctx, order,
                        {.instrument = instrument,
                         .customer = customer,
                         .description = "Authorisation of " + text_of(subscription, "id")});
    if (flag_of(payment, "captured")) refund_payment(ctx, payment, {.amount = kProof});
    return payment;
}

/// The invoice of an authorisation that did not go through, which is tried again; null when there
/// is none.
Json tried_invoice(Context& ctx, const Json& subscription) {
    const auto invoice = ctx.find("invoice", text_of(subscription, "_invoice"));
    return invoice ? *invoice : Json();
}

/// Keeps the invoice for the next try.
void remember_invoice(Context& ctx, Json& subscription, const Json& invoice) {
    subscription["_invoice"] = invoice.at("id");
    ctx.put(subscription);
}

void emit_authenticated(Context& ctx, Json subscription, const Json& payment) {
    subscription["status"] = "authenticated";
    ctx.emit("subscription.authenticated", {&subscription, &payment});
}

/// It begins with this payment.
Json authorise_now(Context& ctx, Json subscription, const Instrument& instrument,
                   const Json& customer) {
    Json invoice = tried_invoice(ctx, subscription);
    if (invoice.is_null()) invoice = issue_for_cycle(ctx, subscription);
    remember_invoice(ctx, subscription, invoice);
    const Json plan = plan_of(ctx, subscription);
    set_billing_period(invoice, {ctx.now(), cycle_end(ctx.now(), interval_of_plan(plan), 0)});
    Json payment = charge_invoice(ctx, invoice, instrument, customer);
    if (!flag_of(payment, "captured")) return payment;
    remember_payer(subscription, instrument, customer);
    emit_authenticated(ctx, subscription, payment);
    begin_cycle(ctx, subscription);
    charged(ctx, subscription, payment);
    return payment;
}

/// Its first cycle lies ahead; what is due at once is the upfront amount, if any.
Json authorise_ahead(Context& ctx, Json subscription, const Instrument& instrument,
                     const Json& customer) {
    Json invoice = tried_invoice(ctx, subscription);
    if (invoice.is_null() && !waiting_addons(ctx, subscription).empty())
        invoice = issue_for(ctx, subscription, {});
    Json payment;
    if (invoice.is_null()) {
        payment = prove_mandate(ctx, subscription, instrument, customer);
    } else {
        remember_invoice(ctx, subscription, invoice);
        payment = charge_invoice(ctx, invoice, instrument, customer);
    }
    if (!flag_of(payment, "captured")) return payment;
    remember_payer(subscription, instrument, customer);
    subscription["_payment"] = payment.at("id");
    move_to_next_state(subscription, Trigger::Authenticate);
    subscription["_invoice"] = nullptr;
    save_subscription(ctx, subscription);
    ctx.emit("subscription.authenticated", {&subscription, &payment});
    return payment;
}

/// Another instrument for one that has missed cycles, which are not charged any more.
Json revive(Context& ctx, Json subscription, const Instrument& instrument, const Json& customer) {
    Json payment = prove_mandate(ctx, subscription, instrument, customer);
    if (!flag_of(payment, "captured")) return payment;
    remember_payer(subscription, instrument, customer);
    subscription["_payment"] = payment.at("id");
    move_to_next_state(subscription, Trigger::Charged);
    subscription["auth_attempts"] = 0;
    subscription["charge_at"] = subscription.at("current_end");
    subscription["_invoice"] = nullptr;
    save_subscription(ctx, subscription);
    ctx.emit("subscription.activated", {&subscription, &payment});
    return payment;
}

}  // namespace

DueNow due_now(Context& ctx, const Json& subscription) {
    const DueNow proof{.amount = kProof, .is_given_back = true};
    if (state_of(subscription) == State::Halted) return proof;
    DueNow due;
    if (const Json invoice = tried_invoice(ctx, subscription); !invoice.is_null()) {
        for (const Json& line : invoice.at("line_items"))
            due.lines.push_back({.name = text_of(line, "name"),
                                 .description = text_of(line, "description"),
                                 .unit_amount = integer_of(line, "unit_amount"),
                                 .quantity = integer_of(line, "quantity")});
    } else {
        const bool ahead = instant_of(subscription, "start_at").has_value();
        if (!ahead) due.lines.push_back(line_of_cycle(plan_of(ctx, subscription), subscription));
        due.lines = with_addons(std::move(due.lines), waiting_addons(ctx, subscription));
    }
    for (const auto& line : due.lines) due.amount += line.unit_amount * line.quantity;
    return due.lines.empty() ? proof : due;
}

Refusal too_many_cycles(const Json& plan, const std::string& field) {
    return bad_request("A subscription to this plan may not have more than " +
                           std::to_string(cycles_in_a_century(plan)) + " cycles.",
                       field);
}

State state_of(const Json& subscription) {
    const auto state = parse_state(text_of(subscription, "status"));
    check(state.has_value(), "a subscription has one of the states");
    return *state;
}

void move_to_next_state(Json& subscription, Trigger trigger) {
    const auto next = next_state(state_of(subscription), trigger);
    check(next.has_value(), "the caller has looked at the state");
    subscription["status"] = std::string(name_of(*next));
}

void save_subscription(Context& ctx, const Json& subscription) {
    ctx.put(subscription);
    ctx.put_due(subscription, next_step_of(subscription));
}

void set_outlook(Json& subscription, const Json& plan) {
    const auto total = integer_of(subscription, "total_count");
    const auto begun = integer_of(subscription, "_cycles");
    subscription["remaining_count"] = total - begun;
    const auto start = instant_of(subscription, "start_at");
    if (!start) return;
    const auto interval = interval_of_plan(plan);
    const bool runs = begun > 0;
    const auto anchor = runs ? *instant_of(subscription, "_anchor") : *start;
    const auto ahead = runs ? integer_of(subscription, "_index") + 1 : 0;
    subscription["end_at"] = unix_seconds(last_charge_day(anchor, interval, ahead + total - begun));
    if (!runs) subscription["charge_at"] = unix_seconds(*start);
}

void step_subscription(Context& ctx, Json subscription) {
    switch (state_of(subscription)) {
        case State::Created: return end_subscription(ctx, subscription, Trigger::Expire);
        case State::Pending: {
            auto invoice = ctx.find("invoice", text_of(subscription, "_invoice"));
            check(invoice.has_value(), "a pending subscription has an invoice to collect");
            return collect(ctx, subscription, *std::move(invoice));
        }
        case State::Authenticated:
        case State::Active:
        case State::Halted: return turn_over(ctx, subscription);
        case State::Paused:
        case State::Cancelled:
        case State::Completed:
        case State::Expired: ctx.put_due(subscription, std::nullopt);
    }
}

Json authorise(Context& ctx, Json subscription, const Instrument& instrument,
               const std::string& email) {
    const auto state = state_of(subscription);
    if (state == State::Created) {
        const Json customer = customer_with_email(ctx, email);
        const bool ahead = instant_of(subscription, "start_at").has_value();
        return ahead ? authorise_ahead(ctx, std::move(subscription), instrument, customer)
                     : authorise_now(ctx, std::move(subscription), instrument, customer);
    }
    const Json customer = customer_of(ctx, subscription);
    if (state == State::Halted) return revive(ctx, std::move(subscription), instrument, customer);
    auto invoice = ctx.find("invoice", text_of(subscription, "_invoice"));
    check(state == State::Pending && invoice, "only what waits for a person can be authorised");
    return pay_open_invoice(ctx, std::move(subscription), *std::move(invoice), instrument);
}

Json pay_open_invoice(Context& ctx, Json subscription, Json invoice, const Instrument& instrument) {
    const Json customer = customer_of(ctx, subscription);
    Json payment = charge_invoice(ctx, invoice, instrument, customer);
    if (!flag_of(payment, "captured")) return payment;
    remember_payer(subscription, instrument, customer);
    charged(ctx, subscription, payment);
    return payment;
}

void end_subscription(Context& ctx, Json& subscription, Trigger trigger) {
    move_to_next_state(subscription, trigger);
    const auto state = state_of(subscription);
    subscription["ended_at"] = ctx.now_seconds();
    subscription["charge_at"] = nullptr;
    subscription["has_scheduled_changes"] = false;
    subscription["change_scheduled_at"] = nullptr;
    subscription["_scheduled"] = nullptr;
    save_subscription(ctx, subscription);
    if (state == State::Cancelled) emit_with_payment(ctx, "subscription.cancelled", subscription);
    if (state == State::Completed) emit_with_payment(ctx, "subscription.completed", subscription);
}

Json plan_of(Context& ctx, const Json& subscription) {
    return *ctx.find("plan", text_of(subscription, "plan_id"));
}

Period current_cycle(const Json& subscription) {
    return {*instant_of(subscription, "current_start"), *instant_of(subscription, "current_end")};
}

}  // namespace turnpike::twin::razorpay
