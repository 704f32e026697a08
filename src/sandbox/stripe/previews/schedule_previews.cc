#include "sandbox/stripe/previews/schedule_previews.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/coupons/redeem.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/schedules/schedule_requests.h"
#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/inert_parameters.h"
#include "sandbox/undo_point.h"

namespace turnpike::twin {
namespace {

/// The clock on which the customer lives while time runs ahead.
constexpr const char* kAhead = "clock_ahead";
/// Further than any phase reaches.
constexpr std::chrono::hours kFar{24 * 366 * 1100};

struct PreviewRequest {
    std::string customer, schedule;
    std::optional<Params> details;
    std::optional<std::vector<DiscountRequest>> discounts;
};

Outcome<PreviewRequest> read_request(Params& params) {
    PreviewRequest request;
    request.customer = params.text("customer").value_or("");
    request.schedule = params.text("schedule").value_or("");
    params.ignore("preview_mode");
    refuse_tax(params);
    for (const char* other : {"subscription", "subscription_details"})
        if (params.has(other)) {
            params.ignore(other);
            params.complain(only_one_of(params, "schedule", other));
        }
    request.discounts = read_discounts(params);
    request.details = params.object("schedule_details");
    if (request.details) {
        Params& details = *request.details;
        for (const char* other : {"default_settings", "metadata", "start_date"})
            if (details.has(other))
                params.complain(bad_param(details.name_of(other), "parameter_unknown",
                                          "Received unknown parameter: " + details.name_of(other)));
        // Each is about the other case: a schedule that is there, or a new one.
        details.ignore(request.schedule.empty() ? "proration_behavior" : "billing_mode");
    }
    if (request.customer.empty() && request.schedule.empty())
        params.complain(missing_param("customer"));
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    return request;
}

/// Takes the customer, and what its schedule will do, out of the time that all others share.
void leave_shared_time(Context& ctx, Json customer, std::optional<Json>& schedule) {
    const Instant now = ctx.now_of(text_of(customer, "id"));
    customer["test_clock"] = kAhead;
    ctx.put(customer);
    ctx.set_clock_time(kAhead, now);
    if (!schedule) return;
    (*schedule)["test_clock"] = kAhead;
    save_schedule(ctx, *schedule);
    auto subscription = ctx.find("subscription", text_of(*schedule, "subscription"));
    if (!subscription) return;
    (*subscription)["test_clock"] = kAhead;
    save_subscription(ctx, *subscription);
    for (const Json& discount : ctx.list("discount", {.parent = text_of(*subscription, "id")}))
        if (!flag_of(discount, "_ended"))
            ctx.put_due(discount, instant_of(discount, "end"), kAhead);
}

std::optional<Json> newest_invoice(Context& ctx, const std::string& customer) {
    auto newest = ctx.slice("invoice", {.customer = customer}, {.limit = 1});
    if (newest.empty()) return std::nullopt;
    return std::move(newest.front().object);
}

/// The invoice that comes after `last`; nullopt when none does.
Outcome<std::optional<Json>> next_invoice(Context& ctx, const std::string& customer,
                                          const std::string& last) {
    const Instant horizon = ctx.now_of(customer) + kFar;
    for (;;) {
        auto newest = newest_invoice(ctx, customer);
        if (newest && text_of(*newest, "id") != last) return newest;
        auto due = ctx.next_due(horizon, kAhead);
        if (!due) return std::optional<Json>();
        ctx.set_clock_time(kAhead, due->when);
        const EngineStep* step = find_step(text_of(due->object, "object"));
        check(step != nullptr, "what is due has a step");
        if (const auto done = step->take(ctx, std::move(due->object)); !done)
            return Refusal(done.error());
    }
}

/// The invoice as the draft that it was, under an id that nothing has.
Json as_preview(Context& ctx, Json invoice, const Json& customer) {
    invoice["status"] = "draft";
    for (const char* sum : {"amount_overpaid", "amount_paid", "attempt_count"}) invoice[sum] = 0;
    invoice["attempted"] = false;
    for (const char* member :
         {"automatically_finalizes_at", "confirmation_secret", "effective_at", "ending_balance",
          "hosted_invoice_url", "invoice_pdf", "next_payment_attempt", "number"})
        invoice[member] = nullptr;
    for (auto& [name, moment] : invoice["status_transitions"].items()) moment = nullptr;
    if (text_of(invoice, "billing_reason") == "subscription_cycle")
        invoice["billing_reason"] = "upcoming";
    recompute_totals(invoice);
    const std::string id = ctx.new_id("upcoming_in");
    invoice["id"] = id;
    invoice["test_clock"] = customer.at("test_clock");
    invoice["lines"]["url"] = "/v1/invoices/" + id + "/lines";
    for (Json& line : invoice["lines"]["data"]) line["invoice"] = id;
    return visible(invoice);
}

Refusal no_upcoming_invoice(const std::string& customer) {
    StripeError error;
    error.http_status = 404;
    error.code = "invoice_upcoming_none";
    error.message = "No upcoming invoices for customer: " + customer;
    return Refusal(std::move(error));
}

/// `discounts` of a preview stand in for those of the subscription; none avoids the customer's too.
std::optional<StripeError> discount_invoice(Context& ctx, Json& invoice,
                                            const std::vector<DiscountRequest>& requests) {
    const auto redeemed = redeem(ctx,
                                 {.customer = text_of(invoice, "customer"),
                                  .currency = text_of(invoice, "currency"),
                                  .amount = integer_of(invoice, "subtotal")},
                                 requests);
    if (!redeemed) return redeemed.error();
    set_discounts(invoice, terms_of(*redeemed));
    return std::nullopt;
}

/// "phases[0][items]" is "schedule_details[phases][0][items]" in this request.
Refusal within_details(StripeError error) {
    const std::string details = "schedule_details";
    if (!error.param.empty() && !error.param.starts_with(details)) {
        const std::size_t end = std::min(error.param.find('['), error.param.size());
        error.param = details + "[" + error.param.substr(0, end) + "]" + error.param.substr(end);
    }
    return Refusal(std::move(error));
}

Answer live_through(Context& ctx, const Json& customer, std::optional<Json> schedule,
                    PreviewRequest& request) {
    std::optional<Params>& details = request.details;
    const std::string id = text_of(customer, "id");
    const auto newest = newest_invoice(ctx, id);
    leave_shared_time(ctx, customer, schedule);
    if (details) {
        const auto changed = schedule ? change_schedule(ctx, *details, *std::move(schedule))
                                      : make_schedule(ctx, *details,
                                                      {.customer = id,
                                                       .now = second_of(ctx, id),
                                                       .start = second_of(ctx, id),
                                                       .starts = PhaseReading::Starts::Named});
        if (!changed) return within_details(changed.error());
    }
    auto invoice = next_invoice(ctx, id, newest ? text_of(*newest, "id") : "");
    if (!invoice) return Refusal(invoice.error());
    if (!*invoice) return no_upcoming_invoice(id);
    if (request.discounts)
        if (auto error = discount_invoice(ctx, **invoice, *request.discounts))
            return Refusal(*std::move(error));
    return as_preview(ctx, **std::move(invoice), customer);
}

}  // namespace

Answer preview_schedule(Operation& operation) {
    Context& ctx = operation.ctx;
    auto request = read_request(operation.params);
    if (!request) return Refusal(request.error());
    std::optional<Json> schedule;
    std::string owner = request->customer;
    if (!request->schedule.empty()) {
        schedule = ctx.find("subscription_schedule", request->schedule);
        if (!schedule) return no_such_param("subscription_schedule", request->schedule, "schedule");
        if (auto error = check_open(*schedule, "preview", "previewed"))
            return Refusal(*std::move(error));
        owner = text_of(*schedule, "customer");
        if (!request->customer.empty() && request->customer != owner)
            return bad_param("customer", "", "The schedule is not of this customer.");
    }
    const auto customer = ctx.find("customer", owner);
    if (!customer) return no_such_param("customer", owner, "customer");

    const std::string clock = text_of(*customer, "test_clock");
    const Instant now = ctx.now_of(owner);
    Retreat before(ctx);
    auto preview = live_through(ctx, *customer, std::move(schedule), *request);
    before.undo();
    before.close();
    ctx.set_clock_time(clock, now);
    return preview;
}

}  // namespace turnpike::twin
