#include "sandbox/stripe/previews/invoice_previews.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/item_lines.h"
#include "sandbox/stripe/previews/schedule_previews.h"
#include "sandbox/stripe/subscriptions/cycles.h"
#include "sandbox/stripe/subscriptions/end_requests.h"
#include "sandbox/stripe/subscriptions/resumption.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/inert_parameters.h"
#include "sandbox/stripe/wire/price_amount.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

struct Request {
    std::string customer, subscription;
    std::string currency;  ///< "": that of the prices
    std::optional<std::vector<DiscountRequest>> discounts;
    PlanChange change;
    std::string trial_end;  ///< a timestamp, "now", or ""
    enum class Simulates : std::uint8_t { Update, Cancellation, Resumption } simulates{};
};

using Simulates = Request::Simulates;

/// cancel_now and resume_at=now, beside which nothing else changes.
void read_simulation(Params& details, Request& request) {
    const bool cancels = details.boolean("cancel_now").value_or(false);
    const bool resumes = details.one_of("resume_at", {"now"}).has_value();
    if (!cancels && !resumes) return;
    request.simulates = cancels ? Simulates::Cancellation : Simulates::Resumption;
    const std::string_view chosen = cancels ? "cancel_now" : "resume_at";
    for (const char* other : {"items", "trial_end", "cancel_at", "cancel_at_period_end",
                              cancels ? "resume_at" : "cancel_now"})
        if (details.has(other) && details.text(other) != "false")
            details.complain(only_one_of(details, chosen, other));
}

Outcome<Request> read_request(Context& ctx, Params& params) {
    Request request;
    request.customer = params.text("customer").value_or("");
    request.subscription = params.text("subscription").value_or("");
    request.currency = read_optional_currency(params);
    params.ignore("preview_mode");
    refuse_tax(params);
    request.discounts = read_discounts(params);
    if (auto details = params.object("subscription_details")) {
        auto items = read_items(ctx, *details);
        if (!items) return Refusal(items.error());
        request.change.items = *std::move(items);
        request.change.proration = read_proration_behavior(*details);
        request.change.proration_date = details->timestamp("proration_date");
        const auto anchor = details->one_of("billing_cycle_anchor", {"now", "unchanged"});
        if (anchor == "now") request.change.anchor = PlanChange::Anchor::Now;
        read_simulation(*details, request);
        if (request.simulates == Simulates::Resumption)
            request.change =
                resumption({.anchor = anchor == "unchanged" ? ResumeRequest::Anchor::Unchanged
                                                            : ResumeRequest::Anchor::Now,
                            .proration = request.change.proration,
                            .proration_date = request.change.proration_date});
        details->ignore("billing_mode");
        request.change.end = {details->text("cancel_at"), details->boolean("cancel_at_period_end")};
        request.trial_end = details->text("trial_end").value_or("");
        params.absorb(*details);
    }
    if (request.simulates != Simulates::Update && request.subscription.empty())
        params.complain(missing_param("subscription"));
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (request.customer.empty() && request.subscription.empty()) {
        StripeError error;
        error.message =
            "You must either provide a `customer` or a `subscription` to the create preview "
            "endpoint.";
        return Refusal(std::move(error));
    }
    return request;
}

void append(std::vector<Json>& lines, std::vector<Json> more) {
    std::ranges::move(more, std::back_inserter(lines));
}

/// What will be billed at the end of the first of the periods: a renewal, or before the
/// subscription's own end what was used.
Renewal next_bill(Context& ctx, Json subscription) {
    const Instant at = first_period(subscription).end;
    const auto end = instant_of(subscription, "cancel_at");
    if (!end || *end > at) {
        Renewal renewal = renew_items(ctx, subscription, at);
        renewal.period.end = at;
        return renewal;
    }
    const Period period = period_of_item(subscription.at("items").at("data").at(0));
    return {{period.start, *end}, last_usage(ctx, subscription, *end)};
}

std::vector<Json> waiting_lines(Context& ctx, const Json& subscription) {
    std::vector<Json> lines;
    for (const Json& item : pending_items_of(ctx, {.customer = text_of(subscription, "customer"),
                                                   .currency = text_of(subscription, "currency"),
                                                   .subscription = text_of(subscription, "id")}))
        lines.push_back(invoice_item_line(ctx, item));
    return lines;
}

/// A preview shows no sum that the invoice itself could not have.
Answer finished(Json draft, std::vector<Json> lines) {
    put_on_invoice(draft, std::move(lines));
    if (!fits_amount(integer_of(draft, "total")))
        return amount_too_large("", text_of(draft, "currency"));
    return draft;
}

/// `discounts` of a preview stand in for the subscription's; "" avoids the customer's too.
std::optional<StripeError> preview_discounts(Context& ctx, Json& subscription,
                                             const Request& request, std::int64_t bought,
                                             std::vector<Redeemed>& never_stored) {
    if (!request.discounts) return std::nullopt;
    return set_subscription_discounts(ctx, subscription, *request.discounts, bought, never_stored);
}

void discount_preview(Context& ctx, Json& draft, const Json& subscription, const Request& request,
                      Instant at) {
    const bool none = request.discounts && request.discounts->empty();
    set_discounts(draft, none ? std::vector<Json>() : discounts_of_invoice(ctx, subscription, at));
}

Refusal nothing_upcoming(const std::string& customer) {
    StripeError error;
    error.http_status = 404;
    error.code = "invoice_upcoming_none";
    error.message = "No upcoming invoices for customer: " + customer;
    return Refusal(std::move(error));
}

/// trial_end of a preview; nullopt when it is not given, or "now".
Outcome<std::optional<Instant>> given_trial_end(const Request& request, Instant now) {
    Json form = Json::object();
    if (!request.trial_end.empty() && request.trial_end != "now")
        form["trial_end"] = request.trial_end;
    Params params(form);
    const auto end = params.timestamp("trial_end");
    check_trial_end(params, end, now);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    return end;
}

/// When the trial is to end; nullopt: as it does.
Outcome<std::optional<Instant>> trial_end_of(Context& ctx, const Json& subscription,
                                             const Request& request) {
    const Instant now = second_of(ctx, text_of(subscription, "customer"));
    if (request.trial_end != "now") return given_trial_end(request, now);
    const bool trialing = text_of(subscription, "status") == "trialing";
    return trialing ? std::optional(now) : std::nullopt;
}

/// The last invoice of a subscription that is canceled now: what waits for one, what is given back
/// (unless proration_behavior=none), and what was used.
Answer preview_cancellation(Context& ctx, const Json& subscription, const Request& request) {
    const std::string customer = text_of(subscription, "customer");
    const Instant now = second_of(ctx, customer);
    std::vector<Json> lines = waiting_lines(ctx, subscription);
    if (request.change.proration != ProrationBehavior::None) {
        const auto credits =
            credits_of_unused_time(ctx, subscription, request.change.proration_date);
        if (!credits) return Refusal(credits.error());
        for (const Json& credit : *credits) lines.push_back(invoice_item_line(ctx, credit));
    }
    append(lines, last_usage(ctx, subscription, now));
    if (lines.empty()) return nothing_upcoming(customer);
    const Instant start = period_of_item(subscription.at("items").at("data").at(0)).start;
    auto draft = draft_invoice(ctx, {.customer = customer,
                                     .currency = text_of(subscription, "currency"),
                                     .billing_reason = "subscription_cycle",
                                     .subscription = text_of(subscription, "id"),
                                     .period = {start, now}});
    if (!draft) return Refusal(draft.error());
    (*draft)["id"] = ctx.new_id("upcoming_in");
    discount_preview(ctx, *draft, subscription, request, now);
    return finished(*std::move(draft), std::move(lines));
}

Answer preview_of(Context& ctx, Json subscription, Request request) {
    const auto trial_end = trial_end_of(ctx, subscription, request);
    if (!trial_end) return Refusal(trial_end.error());
    request.change.trial_end = *trial_end;
    if (auto error = preview_discounts(ctx, subscription, request,
                                       amount_bought(subscription, request.change.items, {}),
                                       request.change.redeemed))
        return Refusal(*std::move(error));
    if (!request.currency.empty())
        if (auto error = check_price_currency(subscription.at("items").at("data").at(0).at("price"),
                                              request.currency, "currency"))
            return Refusal(*std::move(error));
    if (request.simulates == Simulates::Cancellation)
        return preview_cancellation(ctx, subscription, request);
    if (request.simulates == Simulates::Resumption)
        if (auto error = check_resumable(ctx, subscription)) return Refusal(*std::move(error));
    PlannedChange planned;
    planned.subscription = subscription;
    const bool changes = request.simulates == Simulates::Resumption ||
                         !request.change.items.empty() || request.change.trial_end ||
                         request.change.anchor == PlanChange::Anchor::Now ||
                         request.change.end.asks();
    if (changes) {
        auto result = plan_change(ctx, subscription, request.change);
        if (!result) return Refusal(result.error());
        planned = *std::move(result);
    }
    std::vector<Json> lines = waiting_lines(ctx, subscription);
    for (const Json& proration : planned.prorations)
        lines.push_back(invoice_item_line(ctx, proration));
    NewInvoice invoice;
    invoice.customer = text_of(subscription, "customer");
    invoice.currency = text_of(subscription, "currency");
    invoice.subscription = text_of(subscription, "id");
    invoice.billing_reason = planned.invoices_now ? "subscription_update" : "upcoming";
    invoice.period = planned.invoice_period;
    std::vector<Json> regular = std::move(planned.lines);
    if (!planned.invoices_now) {
        Renewal next = next_bill(ctx, planned.subscription);
        regular = std::move(next.lines);
        invoice.period = next.period;
        if (regular.empty() && lines.empty()) return nothing_upcoming(invoice.customer);
    }
    const Instant billed_at = invoice.period.end;
    auto draft = draft_invoice(ctx, invoice);
    if (!draft) return Refusal(draft.error());
    (*draft)["id"] = ctx.new_id("upcoming_in");
    discount_preview(ctx, *draft, planned.subscription, request, billed_at);
    for (Json& line : regular) lines.push_back(std::move(line));
    return finished(*std::move(draft), std::move(lines));
}

/// A trial, and an end before that of the first cycle, shorten the items' first periods.
std::optional<StripeError> plan_first_periods(Json& subscription, const Request& request,
                                              Instant now) {
    const auto trial_end = given_trial_end(request, now);
    if (!trial_end) return trial_end.error();
    subscription["trial_end"] = seconds_or_null(*trial_end);
    if (*trial_end)
        for (Json& item : subscription["items"]["data"]) set_item_period(item, {now, **trial_end});
    const Json& made = subscription.at("items").at("data");
    PeriodEnds ends{period_of_item(made.at(0)).end, last_period_end(subscription)};
    for (const Json& item : made) ends.first = std::min(ends.first, period_of_item(item).end);
    if (auto error = ask_for_end(subscription, request.change.end, ends, now)) return error;
    if (*trial_end) return std::nullopt;
    for (Json& item : subscription["items"]["data"])
        set_item_period(item, cut_off(period_of_item(item), life_end(subscription)));
    return std::nullopt;
}

/// A subscription that does not exist yet, as far as its first invoice needs it.
Outcome<Json> imagined_subscription(Context& ctx, const Request& request, Instant now) {
    if (request.change.items.empty()) return missing_param("subscription_details[items]");
    Json subscription;
    subscription["id"] = nullptr;
    subscription["customer"] = request.customer;
    subscription["currency"] = request.currency;
    Json& items = subscription["items"]["data"];
    std::vector<Redeemed> never_stored;
    for (std::size_t i = 0; i < request.change.items.size(); ++i) {
        const ItemRequest& wanted = request.change.items[i];
        if (!wanted.price)
            return missing_param("subscription_details[items][" + std::to_string(i) + "][price]");
        if (request.currency.empty() && i == 0)
            subscription["currency"] = text_of(*wanted.price, "currency");
        Json item =
            new_item(ctx, subscription, wanted, period_number(now, interval_of(*wanted.price), 0));
        if (wanted.discounts)
            if (auto error =
                    set_item_discounts(ctx, subscription, item, *wanted.discounts, never_stored))
                return Refusal(*std::move(error));
        items.push_back(std::move(item));
    }
    if (auto error = plan_first_periods(subscription, request, now))
        return Refusal(*std::move(error));
    if (auto error = preview_discounts(ctx, subscription, request,
                                       amount_bought(subscription, {}, {}), never_stored))
        return Refusal(*std::move(error));
    return subscription;
}

/// The lines of a first invoice: a free trial, or the first cycle as far as it goes.
std::vector<Json> first_lines(Context& ctx, const Json& subscription, const Request& request,
                              Instant now) {
    static const Json kNothing;
    std::vector<Json> lines;
    for (const Json& item : subscription.at("items").at("data")) {
        const Json& price = item.at("price");
        const Period period = period_of_item(item);
        const Period cycle = period_number(now, interval_of(price), 0);
        const bool trial = instant_of(subscription, "trial_end").has_value();
        if (is_metered(price)) continue;
        if (!trial && period == cycle) {
            append(lines, licensed_lines(ctx, subscription, item, period));
            continue;
        }
        const std::int64_t quantity = integer_of(item, "quantity");
        const bool free = trial || request.change.proration == ProrationBehavior::None;
        const std::int64_t amount = free ? 0
                                         : part_of_cycle(total_of(price, quantity), cycle, period,
                                                         charge_step(text_of(price, "currency")));
        lines.push_back(
            subscription_line(ctx, {trial ? LineKind::Trial : LineKind::Regular, subscription, item,
                                    price, quantity, amount, period, kNothing}));
    }
    return lines;
}

Answer preview_new(Context& ctx, const Request& request) {
    const Instant now = second_of(ctx, request.customer);
    const auto subscription = imagined_subscription(ctx, request, now);
    if (!subscription) return subscription;
    const std::string currency = text_of(*subscription, "currency");
    if (auto error = check_currency(request.change.items, {}, currency))
        return Refusal(*std::move(error));
    if (auto error = check_customer_currency(ctx, request.customer, currency))
        return Refusal(*std::move(error));
    std::vector<Json> lines = first_lines(ctx, *subscription, request, now);
    auto draft = draft_invoice(ctx, {.customer = request.customer,
                                     .currency = currency,
                                     .billing_reason = "subscription_create",
                                     .subscription = "",
                                     .period = {now, now}});
    if (!draft) return Refusal(draft.error());
    (*draft)["id"] = ctx.new_id("upcoming_in");
    discount_preview(ctx, *draft, *subscription, request, now);
    return finished(*std::move(draft), std::move(lines));
}

Answer preview_invoice(Operation& operation) {
    Context& ctx = operation.ctx;
    if (operation.params.has("schedule") || operation.params.has("schedule_details"))
        return preview_schedule(operation);
    const auto request = read_request(ctx, operation.params);
    if (!request) return Refusal(request.error());
    if (request->subscription.empty()) return preview_new(ctx, *request);
    const auto subscription = ctx.find("subscription", request->subscription);
    if (!subscription || is_ended(*subscription))
        return no_such_param("subscription", request->subscription, "subscription");
    if (!request->customer.empty() && request->customer != text_of(*subscription, "customer"))
        return bad_param("customer", "", "The subscription is of another customer.");
    return preview_of(ctx, *subscription, *request);
}

void announce_renewal(Context& ctx, std::string_view /*type*/, const Json& subscription) {
    auto invoice = preview_of(ctx, subscription, Request{});
    // One that sums up to more than an invoice holds is not announced.
    if (!invoice) return;
    invoice->erase("id");
    ctx.emit("invoice.upcoming", *invoice);
}

constexpr auto kPreviewOperations = std::to_array<OperationRoute>({
    {"POST", "/v1/invoices/create_preview", preview_invoice},
});
constexpr auto kPreviewListeners = std::to_array<EventListener>({
    {kRenewalNears, announce_renewal},
});

}  // namespace

const Feature& preview_feature() {
    static constexpr Feature kFeature{.operations = kPreviewOperations,
                                      .listeners = kPreviewListeners};
    return kFeature;
}

}  // namespace turnpike::twin
