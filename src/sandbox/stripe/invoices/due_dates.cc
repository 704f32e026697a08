#include "sandbox/stripe/invoices/due_dates.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/core/sandbox_settings.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using std::chrono::days;

constexpr std::int64_t kSettingMax = 365;

Answer get_settings(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return invoice_settings(operation.ctx);
}

Answer update_settings(Operation& operation) {
    Json settings = invoice_settings(operation.ctx);
    for (const char* name :
         {"will_be_due_days", "overdue_days", "final_due_days", "webhook_wait_hours"}) {
        const auto given = operation.params.integer(name);
        if (!given) continue;
        if (*given < 0 || *given > kSettingMax)
            operation.params.complain(
                bad_param(name, "parameter_invalid_integer", "This value must be from 0 to 365."));
        settings[name] = *given;
    }
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    operation.ctx.put(settings);
    return settings;
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"GET", "/_sandbox/invoice_settings", get_settings},
    {"POST", "/_sandbox/invoice_settings", update_settings},
});

void tell_will_be_due(Context& ctx, const Json& invoice) {
    ctx.emit("invoice.will_be_due", invoice);
}

void tell_past_due(Context& ctx, const Json& invoice) {
    tell_listeners(ctx, kInvoicePastDue, invoice);
}

void tell_overdue(Context& ctx, const Json& invoice) { ctx.emit("invoice.overdue", invoice); }

void stop_waiting(Context& ctx, const Json& invoice) {
    Json last = invoice;
    last["_exhausted"] = true;
    ctx.put(last);
    tell_listeners(ctx, kInvoiceUnpaid, last);
}

struct DueStep {
    Instant when;
    void (*take)(Context&, const Json&);
};

/// In the order of time; an invoice's private "_due_steps" counts those that were taken.
std::array<DueStep, 4> due_steps(Context& ctx, Instant due_date) {
    const Json settings = invoice_settings(ctx);
    const auto delay = [&](const char* name) { return days(integer_of(settings, name)); };
    const Instant overdue = due_date + delay("overdue_days");
    return {{{due_date - delay("will_be_due_days"), tell_will_be_due},
             {due_date, tell_past_due},
             {overdue, tell_overdue},
             {std::max(overdue, due_date + delay("final_due_days")), stop_waiting}}};
}

/// nullopt: the invoice is charged automatically.
std::optional<Instant> awaited_date(const Json& invoice) {
    if (text_of(invoice, "collection_method") != "send_invoice") return std::nullopt;
    return instant_of(invoice, "due_date");
}

std::size_t steps_taken(const Json& invoice) {
    return static_cast<std::size_t>(integer_of(invoice, "_due_steps"));
}

void plan_next(Context& ctx, const Json& invoice, std::span<const DueStep> steps) {
    std::optional<Instant> next;
    const std::size_t taken = steps_taken(invoice);
    if (taken < steps.size())
        next = std::max(steps[taken].when, second_of(ctx, text_of(invoice, "customer")));
    ctx.put_due(invoice, next, text_of(invoice, "test_clock"));
}

}  // namespace

Json invoice_settings(Context& ctx) {
    return sandbox_settings(ctx, "invoice_settings",
                            {{"will_be_due_days", 3},
                             {"overdue_days", 0},
                             {"final_due_days", 30},
                             {"webhook_wait_hours", 0}});
}

void plan_due_date(Context& ctx, Json& invoice) {
    const auto due_date = awaited_date(invoice);
    if (!due_date) return plan_next(ctx, invoice, {});
    const auto steps = due_steps(ctx, *due_date);
    const bool too_late = steps[0].when <= second_of(ctx, text_of(invoice, "customer"));
    invoice["_due_steps"] = too_late ? 1 : 0;
    plan_next(ctx, invoice, steps);
}

void step_due_date(Context& ctx, Json invoice) {
    const auto due_date = awaited_date(invoice);
    const std::size_t step = steps_taken(invoice);
    if (!due_date) return plan_next(ctx, invoice, {});
    const auto steps = due_steps(ctx, *due_date);
    invoice["_due_steps"] = step + 1;
    ctx.put(invoice);
    plan_next(ctx, invoice, steps);
    if (step < steps.size()) steps[step].take(ctx, invoice);
}

const Feature& due_date_feature() {
    static constexpr Feature kFeature{.operations = kOperations};
    return kFeature;
}

}  // namespace turnpike::twin
