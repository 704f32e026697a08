#include <algorithm>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/catalog/price_schemes.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/item_lines.h"
#include "sandbox/stripe/subscriptions/anchor.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/subscriptions/cycles.h"
#include "sandbox/stripe/subscriptions/pending_setup.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/price_amount.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kLinesMax = 250;

struct Moment {
    Instant now;
    Instant start;  ///< earlier than `now` where the subscription is backdated
    Instant anchor;
};

std::optional<Instant> read_trial_end(Params& params, Instant now) {
    const auto days = read_trial_days(params);
    check_trial_from_plan(params);
    if (params.text("trial_end").value_or("") == "now") return std::nullopt;
    const auto end = params.timestamp("trial_end");
    if (days && end) params.complain(only_one_of(params, "trial_period_days", "trial_end"));
    if (days) return now + std::chrono::days(std::clamp<std::int64_t>(*days, 0, kTrialDaysMax));
    check_trial_end(params, end, now);
    return end;
}

/// The first cycle may be shortened, never stretched.
std::optional<StripeError> check_anchor(const NewSubscription& request, Instant now) {
    if (!request.anchor) return std::nullopt;
    const Instant start = request.trial_end.value_or(now);
    if (*request.anchor < start)
        return bad_param("billing_cycle_anchor", "",
                         "billing_cycle_anchor cannot be before the end of the trial.")
            .error();
    for (const ItemRequest& item : request.items) {
        const BillingInterval interval = interval_of(*item.price);
        if (request.anchor_day) {
            using Unit = BillingInterval::Unit;
            if (interval.unit == Unit::Month || interval.unit == Unit::Year) continue;
            return bad_param("billing_cycle_anchor_config", "",
                             "billing_cycle_anchor_config is only for monthly and yearly prices.")
                .error();
        }
        const Instant natural = period_number(start, interval, 0).end;
        if (*request.anchor <= natural) continue;
        return bad_param("billing_cycle_anchor", "",
                         "billing_cycle_anchor cannot be later than next natural billing date (" +
                             std::to_string(unix_seconds(natural)) + ") for plan")
            .error();
    }
    return std::nullopt;
}

/// When the subscription starts, and from when on its cycles are counted.
void read_cycle(Params& params, NewSubscription& request, Instant now) {
    request.trial_end = read_trial_end(params, now);
    request.start = params.timestamp("backdate_start_date");
    if (request.start && *request.start >= now)
        params.complain(
            bad_param("backdate_start_date", "", "backdate_start_date must be in the past."));
    request.anchor = params.timestamp("billing_cycle_anchor");
    if (request.anchor && *request.anchor <= now)
        params.complain(
            bad_param("billing_cycle_anchor", "", "billing_cycle_anchor must be in the future."));
    request.anchor_day = read_anchor_day(params);
    if (!request.anchor_day) return;
    if (request.anchor)
        params.complain(only_one_of(params, "billing_cycle_anchor", "billing_cycle_anchor_config"));
    request.anchor = next_anchor(*request.anchor_day, request.trial_end.value_or(now));
}

/// No currency was asked for: it is that of the first item.
std::optional<StripeError> mixed_currencies(const std::vector<ItemRequest>& items,
                                            const std::string& currency) {
    for (const ItemRequest& item : items) {
        if (price_in(*item.price, currency)) continue;
        return bad_param(item.price_param, "",
                         "This `price` has `currency=" + text_of(*item.price, "currency") +
                             "`, but other items use `currency=" + currency +
                             "`. All items must have pricing in the same currency. When using "
                             "multi-currency prices, you can specify `currency` at the top level, "
                             "to be used by all items.")
            .error();
    }
    return std::nullopt;
}

Outcome<NewSubscription> read_request(Context& ctx, Params& params,
                                      const PricesInUse& in_use = {}) {
    NewSubscription request;
    request.customer = params.required_text("customer");
    const auto customer = ctx.look("customer", request.customer);
    if (!customer && !request.customer.empty()) {
        // Recorded: of this parameter it is a 404.
        auto refusal = no_such_object("customer", request.customer);
        refusal.error().param = "customer";
        return refusal;
    }
    const Instant now = second_of(ctx, request.customer);
    if (!params.has("items")) params.complain(missing_param("items"));
    auto items = read_items(ctx, params, in_use);
    if (!items) return Refusal(items.error());
    request.items = *std::move(items);
    auto charges = read_added_charges(ctx, params);
    if (!charges) return Refusal(charges.error());
    request.charges = *std::move(charges);
    request.payment = read_payment(params);
    request.proration = read_proration_behavior(params);
    read_cycle(params, request, now);
    request.settings = read_settings(params);
    request.billing_mode = read_new_billing_mode(params);
    if (request.payment.behavior == PaymentBehavior::PendingIfIncomplete)
        params.complain(bad_param("payment_behavior", "",
                                  "Setting `payment_behavior` to `pending_if_incomplete` has no "
                                  "effect when creating a subscription."));
    request.currency = read_optional_currency(params);
    request.discounts = read_discounts(params);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    for (std::size_t i = 0; i < request.items.size(); ++i)
        if (!request.items[i].price)
            return missing_param("items[" + std::to_string(i) + "][price]");
    if (request.items.empty()) return missing_param("items");
    if (request.currency.empty()) {
        request.currency = text_of(*request.items.front().price, "currency");
        if (auto error = mixed_currencies(request.items, request.currency))
            return Refusal(*std::move(error));
    }
    if (auto error = check_anchor(request, now)) return Refusal(*std::move(error));
    if (auto error = check_currency(request.items, request.charges, request.currency))
        return Refusal(*std::move(error));
    return request;
}

Moment moment_of(Context& ctx, const NewSubscription& request) {
    const Instant now = second_of(ctx, request.customer);
    const Instant start = request.start.value_or(now);
    return {now, start, request.anchor.value_or(request.trial_end.value_or(start))};
}

Json nulls(std::initializer_list<const char*> members) {
    Json object;
    for (const char* member : members) object[member] = nullptr;
    return object;
}

/// The document with its items, in status `incomplete` or `trialing`, not stored.
Json build(Context& ctx, const NewSubscription& request, const Moment& moment) {
    Json subscription = roomy_object(64);
    const std::string id = ctx.new_id("sub");
    const auto customer = ctx.look("customer", request.customer);
    subscription["id"] = id;
    subscription["object"] = "subscription";
    subscription["application"] = nullptr;
    subscription["application_fee_percent"] = nullptr;
    subscription["automatic_tax"] = nulls({"disabled_reason", "enabled", "liability"});
    subscription["automatic_tax"]["enabled"] = false;
    subscription["billing_cycle_anchor"] = unix_seconds(moment.anchor);
    subscription["billing_cycle_anchor_config"] =
        request.anchor_day ? anchor_config(*request.anchor_day) : Json();
    subscription["billing_mode"] = request.billing_mode;
    subscription["billing_mode"]["updated_at"] = unix_seconds(moment.now);
    subscription["billing_thresholds"] = nullptr;
    subscription["cancel_at"] = nullptr;
    subscription["cancel_at_period_end"] = false;
    subscription["canceled_at"] = nullptr;
    subscription["cancellation_details"] = nulls({"comment", "feedback", "reason"});
    subscription["collection_method"] = "charge_automatically";
    subscription["created"] = unix_seconds(moment.now);
    subscription["currency"] = request.currency;
    subscription["customer"] = request.customer;
    for (const char* member :
         {"customer_account", "days_until_due", "default_payment_method", "default_source",
          "description", "ended_at", "latest_invoice", "next_pending_invoice_item_invoice",
          "on_behalf_of", "pause_collection", "pending_invoice_item_interval",
          "pending_setup_intent", "pending_update", "plan", "quantity", "schedule", "transfer_data",
          "trial_end", "trial_start"})
        subscription[member] = nullptr;
    subscription["default_tax_rates"] = Json::array();
    subscription["discounts"] = Json::array();
    subscription["invoice_settings"]["account_tax_ids"] = nullptr;
    subscription["invoice_settings"]["issuer"]["type"] = "self";
    subscription["items"] =
        complete_list("/v1/subscription_items?subscription=" + id, std::vector<Json>());
    subscription["livemode"] = false;
    subscription["metadata"] = Json::object();
    subscription["payment_settings"] = nulls({"payment_method_options", "payment_method_types"});
    subscription["payment_settings"]["save_default_payment_method"] = "off";
    subscription["start_date"] = unix_seconds(moment.start);
    subscription["status"] = "incomplete";
    subscription["test_clock"] = text_or_null(text_of(*customer, "test_clock"));
    subscription["trial_settings"]["end_behavior"]["missing_payment_method"] = "create_invoice";
    if (request.trial_end) {
        subscription["status"] = "trialing";
        subscription["trial_start"] = unix_seconds(moment.start);
        subscription["trial_end"] = unix_seconds(*request.trial_end);
        subscription["_free_rest"] = request.proration == ProrationBehavior::None;
    }
    subscription["schedule"] = text_or_null(request.schedule);
    for (const ItemRequest& item : request.items) {
        Period period{moment.start, request.trial_end.value_or(moment.start)};
        if (!request.trial_end) {
            const Period cycle =
                period_containing(moment.anchor, interval_of(*item.price), moment.now);
            period = {std::max(cycle.start, moment.start), cycle.end};
        }
        subscription["items"]["data"].push_back(new_item(ctx, subscription, item, period));
    }
    return subscription;
}

/// Gives the subscription and its items the discounts that were asked for; stores these.
std::optional<StripeError> give_discounts(Context& ctx, Json& subscription,
                                          const NewSubscription& request) {
    std::vector<Redeemed> redeemed;
    Json& items = subscription["items"]["data"];
    for (std::size_t i = 0; i < request.items.size(); ++i) {
        if (!request.items[i].discounts) continue;
        if (auto error = set_item_discounts(ctx, subscription, items[i],
                                            *request.items[i].discounts, redeemed))
            return error;
    }
    if (request.discounts)
        if (auto error = set_subscription_discounts(
                ctx, subscription, *request.discounts,
                amount_bought(subscription, {}, request.charges), redeemed))
            return error;
    store_subscription_discounts(ctx, subscription, redeemed);
    return std::nullopt;
}

/// The cycles from the start of the subscription up to the one that is running. The first one may
/// have begun before the start.
std::vector<Period> first_cycles(const Json& price, const Moment& moment) {
    const BillingInterval interval = interval_of(price);
    std::vector<Period> cycles{period_containing(moment.anchor, interval, moment.start)};
    while (cycles.back().end <= moment.now && cycles.size() <= kLinesMax)
        cycles.push_back(period_containing(moment.anchor, interval, cycles.back().end));
    return cycles;
}

/// The lines of the first invoice: a free trial, or each cycle since the start, of which the first
/// may be a part of one.
std::vector<Json> first_lines(Context& ctx, const Json& subscription,
                              const NewSubscription& request, const Moment& moment) {
    static const Json kNothing;
    const bool prorates = request.proration != ProrationBehavior::None;
    std::vector<Json> lines;
    for (const Json& item : subscription.at("items").at("data")) {
        const Json& price = item.at("price");
        if (is_metered(price)) continue;
        const std::int64_t quantity = integer_of(item, "quantity");
        ItemLine line{LineKind::Trial,      subscription, item, price, quantity, 0,
                      period_of_item(item), kNothing};
        if (request.trial_end) {
            lines.push_back(subscription_line(ctx, line));
            continue;
        }
        const std::int64_t total = total_of(price, quantity);
        const std::int64_t step = charge_step(text_of(price, "currency"));
        line.kind = LineKind::Regular;
        for (const Period& cycle : first_cycles(price, moment)) {
            if (!prorates && cycle.end <= moment.now) continue;
            line.period =
                cut_off({std::max(cycle.start, moment.start), cycle.end}, life_end(subscription));
            // Without prorations all that is not a whole cycle from now on is free.
            const bool whole = cycle.start >= (prorates ? moment.start : moment.now) &&
                               line.period.end == cycle.end;
            if (whole) {
                for (Json& part : licensed_lines(ctx, subscription, item, line.period))
                    lines.push_back(std::move(part));
                continue;
            }
            line.amount = prorates ? part_of_cycle(total, cycle, line.period, step) : 0;
            lines.push_back(subscription_line(ctx, line));
        }
    }
    return lines;
}

std::optional<StripeError> check_start(const NewSubscription& request, const Moment& moment) {
    if (request.trial_end) return std::nullopt;
    std::size_t lines = 0;
    for (const ItemRequest& item : request.items) lines += first_cycles(*item.price, moment).size();
    if (lines <= kLinesMax) return std::nullopt;
    return bad_param("backdate_start_date", "",
                     "Backdating is not supported when the invoice would have more than 250 line "
                     "items.")
        .error();
}

/// With an end before that of the first cycle, this ends then; a trial stays as it is.
std::optional<StripeError> plan_end(Json& subscription, const EndRequest& request, Instant now) {
    const PeriodEnds ends{first_period(subscription).end, last_period_end(subscription)};
    if (auto error = ask_for_end(subscription, request, ends, now)) return error;
    const auto end = life_end(subscription);
    if (text_of(subscription, "status") == "trialing" || !end || *end >= ends.last)
        return std::nullopt;
    for (Json& item : subscription["items"]["data"])
        set_item_period(item, cut_off(period_of_item(item), end));
    if (is_classic(subscription)) subscription["billing_cycle_anchor"] = unix_seconds(*end);
    return std::nullopt;
}

/// On a test clock Stripe lets a customer have three; who lets more customers onto a clock lets
/// these have as many.
std::int64_t subscriptions_max(Context& ctx, const std::string& customer) {
    constexpr std::int64_t kMax = 500, kMaxOnClock = 3;
    const auto found = ctx.find("customer", customer);
    if (!found || text_of(*found, "test_clock").empty()) return kMax;
    return std::clamp(ctx.surroundings().customers_per_clock_max, kMaxOnClock, kMax);
}

std::optional<StripeError> check_number(Context& ctx, const std::string& customer) {
    const std::int64_t most = subscriptions_max(ctx, customer);
    std::int64_t current = ctx.count("subscription", {.customer = customer});
    if (current < most) return std::nullopt;
    for (const char* ended : {"canceled", "incomplete_expired"})
        current -= ctx.count("subscription", {.customer = customer, .status = ended});
    if (current < most) return std::nullopt;
    StripeError error;
    error.code = "customer_max_subscriptions";
    error.message = "Customer " + customer + " already has the maximum " + std::to_string(most) +
                    " current subscriptions";
    return error;
}

}  // namespace

bool has_payment_source(Context& ctx, const Json& subscription) {
    Json probe;
    probe["customer"] = subscription.at("customer");
    probe["default_payment_method"] = subscription.at("default_payment_method");
    if (!text_of(subscription, "default_source").empty()) return true;
    return !default_payment_method_of(ctx, probe).empty();
}

Refusal no_payment_source() {
    StripeError error;
    error.code = "resource_missing";
    error.message =
        "This customer has no attached payment source or default payment method. Please consider "
        "adding a default payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-"
        "priority.";
    return Refusal(std::move(error));
}

Outcome<Json> begin_subscription(Context& ctx, const NewSubscription& request) {
    if (auto error = check_customer_currency(ctx, request.customer, request.currency))
        return Refusal(*std::move(error));
    if (auto error = check_number(ctx, request.customer)) return Refusal(*std::move(error));
    const Moment moment = moment_of(ctx, request);
    if (auto error = check_start(request, moment)) return Refusal(*std::move(error));
    Json subscription = build(ctx, request, moment);
    if (auto error = apply_settings(ctx, subscription, request.settings))
        return Refusal(*std::move(error));
    repeat_single_item(subscription);
    if (auto error = check_item_prices(subscription, ItemsOf::NewSubscription))
        return Refusal(*std::move(error));
    if (auto error = plan_end(subscription, end_request_of(request.settings), moment.now))
        return Refusal(*std::move(error));
    if (auto error = give_discounts(ctx, subscription, request)) return Refusal(*std::move(error));

    const bool automatic = text_of(subscription, "collection_method") == "charge_automatically";
    const bool scheduled = !request.schedule.empty();
    if ((!automatic || scheduled) && !request.trial_end) subscription["status"] = "active";
    ctx.put(subscription);
    if (auto error = add_charges(ctx, subscription, request.charges))
        return Refusal(*std::move(error));
    Json draft = draft_subscription_invoice(ctx, subscription,
                                            {"subscription_create",
                                             {moment.now, moment.now},
                                             first_lines(ctx, subscription, request, moment)},
                                            request.payment);
    const bool is_owed = automatic && !scheduled && integer_of(draft, "amount_due") > 0;
    const bool is_charged =
        is_owed && request.payment.behavior != PaymentBehavior::DefaultIncomplete;
    if (is_charged && !has_payment_source(ctx, subscription)) return no_payment_source();
    // What is added to a trial is to be paid before it begins.
    if (is_owed) subscription["status"] = "incomplete";
    if (automatic && !scheduled && !is_owed)
        begin_setup(ctx, subscription, request.payment.behavior);
    subscription["latest_invoice"] = draft.at("id");
    save_subscription(ctx, subscription);
    ctx.emit("customer.subscription.created", subscription);
    announce_subscription_discounts(ctx, Json::object(), subscription);
    if (scheduled) {
        publish_draft(ctx, draft);
        return subscription;
    }
    auto made = collect_subscription_invoice(ctx, text_of(subscription, "id"), std::move(draft),
                                             request.payment);
    if (made) made = warn_of_trial_end(ctx, *std::move(made));
    return made;
}

Answer create_subscription(Operation& operation) {
    auto request = read_request(operation.ctx, operation.params);
    if (!request) return Refusal(request.error());
    return begin_subscription(operation.ctx, *request);
}

Answer create_sold_subscription(Context& ctx, const Json& form) {
    PricesInUse sold;
    for (const Json& item : part_of(form, "items")) sold.push_back(text_of(item, "price"));
    Params params(form);
    auto request = read_request(ctx, params, sold);
    if (!request) return Refusal(request.error());
    return begin_subscription(ctx, *request);
}

}  // namespace turnpike::twin
