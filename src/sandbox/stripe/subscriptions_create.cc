#include <algorithm>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/amounts.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/coupons/discounts.h"
#include "sandbox/stripe/currencies.h"
#include "sandbox/stripe/customer_currency.h"
#include "sandbox/stripe/invoice_lines.h"
#include "sandbox/stripe/subscriptions.h"
#include "sandbox/stripe/subscriptions_params.h"
#include "subscriptions/billing_period.h"
#include "subscriptions/proration.h"

namespace turnpike::twin {
namespace {

/// What POST /v1/subscriptions asks for.
struct Request {
    std::string customer;
    std::string currency;  ///< "": that of the first item's price
    std::vector<ItemRequest> items;
    std::vector<AddedCharge> charges;
    Payment payment;
    ProrationBehavior proration = ProrationBehavior::CreateProrations;
    std::optional<Instant> trial_end, anchor;
    SubscriptionSettings settings;
};

struct Moment {
    Instant now;
    Period first_period;  ///< of the trial, the stub before a given anchor, or the first cycle
    Instant anchor;
};

std::optional<Instant> read_trial_end(Params& params, Instant now) {
    const auto days = params.integer("trial_period_days");
    params.ignore("trial_from_plan");
    if (params.text("trial_end").value_or("") == "now") return std::nullopt;
    const auto end = params.timestamp("trial_end");
    if (days && end)
        params.complain(bad_param("trial_period_days", "parameters_exclusive",
                                  "You may only specify one of these parameters: "
                                  "trial_period_days, trial_end."));
    if (days && *days < 1)
        params.complain(bad_param("trial_period_days", "parameter_invalid_integer",
                                  "This value must be greater than or equal to 1."));
    if (days && *days > kTrialDaysMax)
        params.complain(bad_param("trial_period_days", "parameter_invalid_integer",
                                  "Invalid trial_period_days: a trial can be no longer than two "
                                  "years (730 days)."));
    if (days) return now + std::chrono::days(std::clamp<std::int64_t>(*days, 0, kTrialDaysMax));
    check_trial_end(params, end, now);
    return end;
}

/// The first cycle may be shortened, never stretched.
std::optional<StripeError> check_anchor(const Request& request, Instant now) {
    if (!request.anchor) return std::nullopt;
    if (request.trial_end)
        return bad_param("billing_cycle_anchor", "",
                         "This sandbox does not combine a trial with a billing_cycle_anchor.")
            .error();
    for (const ItemRequest& item : request.items) {
        const Instant natural = period_number(now, interval_of(*item.price), 0).end;
        if (*request.anchor <= natural) continue;
        return bad_param("billing_cycle_anchor", "",
                         "billing_cycle_anchor cannot be later than next natural billing date (" +
                             std::to_string(unix_seconds(natural)) + ") for plan")
            .error();
    }
    return std::nullopt;
}

Outcome<Request> read_request(Context& ctx, Params& params) {
    Request request;
    request.customer = params.required_text("customer");
    const auto customer = ctx.find("customer", request.customer);
    if (!customer && !request.customer.empty())
        return no_such_param("customer", request.customer, "customer");
    const Instant now = second_of(ctx, request.customer);
    if (!params.has("items")) params.complain(missing_param("items"));
    auto items = read_items(ctx, params);
    if (!items) return Refusal(items.error());
    request.items = *std::move(items);
    auto charges = read_added_charges(ctx, params);
    if (!charges) return Refusal(charges.error());
    request.charges = *std::move(charges);
    request.payment = read_payment(params);
    request.proration = read_proration_behavior(params);
    request.trial_end = read_trial_end(params, now);
    request.anchor = params.timestamp("billing_cycle_anchor");
    if (request.anchor && *request.anchor <= now)
        params.complain(
            bad_param("billing_cycle_anchor", "", "billing_cycle_anchor must be in the future."));
    request.settings = read_settings(params);
    if (auto mode = params.object("billing_mode")) {
        const auto type = mode->one_of("type", {"flexible", "classic"});
        if (type == "classic")
            params.complain(
                bad_param("billing_mode[type]", "", "This sandbox bills in flexible mode only."));
        mode->ignore("flexible");
        params.absorb(*mode);
    }
    request.currency = read_optional_currency(params);
    refuse_discounts(params);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    for (std::size_t i = 0; i < request.items.size(); ++i)
        if (!request.items[i].price)
            return missing_param("items[" + std::to_string(i) + "][price]");
    if (request.items.empty()) return missing_param("items");
    if (request.currency.empty())
        request.currency = text_of(*request.items.front().price, "currency");
    if (auto error = check_anchor(request, now)) return Refusal(*std::move(error));
    if (auto error = check_currency(request.items, request.charges, request.currency))
        return Refusal(*std::move(error));
    if (auto error = check_customer_currency(ctx, request.customer, request.currency))
        return Refusal(*std::move(error));
    if (auto error = refuse_discounted(*customer)) return Refusal(*std::move(error));
    return request;
}

Moment moment_of(Context& ctx, const Request& request) {
    const Instant now = second_of(ctx, request.customer);
    if (request.trial_end) return {now, {now, *request.trial_end}, *request.trial_end};
    const BillingInterval interval = interval_of(*request.items.front().price);
    if (!request.anchor) return {now, period_number(now, interval, 0), now};
    return {now, {now, period_containing(*request.anchor, interval, now).end}, *request.anchor};
}

Json nulls(std::initializer_list<const char*> members) {
    Json object;
    for (const char* member : members) object[member] = nullptr;
    return object;
}

/// The document with its items, in status `incomplete` or `trialing`, not stored.
Json build(Context& ctx, const Request& request, const Moment& moment) {
    Json subscription;
    const std::string id = ctx.new_id("sub");
    const auto customer = ctx.find("customer", request.customer);
    subscription["id"] = id;
    subscription["object"] = "subscription";
    subscription["application"] = nullptr;
    subscription["application_fee_percent"] = nullptr;
    subscription["automatic_tax"] = nulls({"disabled_reason", "enabled", "liability"});
    subscription["automatic_tax"]["enabled"] = false;
    subscription["billing_cycle_anchor"] = unix_seconds(moment.anchor);
    subscription["billing_cycle_anchor_config"] = nullptr;
    subscription["billing_mode"]["flexible"]["proration_discounts"] = "included";
    subscription["billing_mode"]["type"] = "flexible";
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
    subscription["start_date"] = unix_seconds(moment.now);
    subscription["status"] = "incomplete";
    subscription["test_clock"] = text_or_null(text_of(*customer, "test_clock"));
    subscription["trial_settings"]["end_behavior"]["missing_payment_method"] = "create_invoice";
    if (request.trial_end) {
        subscription["status"] = "trialing";
        subscription["trial_start"] = unix_seconds(moment.now);
        subscription["trial_end"] = unix_seconds(*request.trial_end);
    }
    for (const ItemRequest& item : request.items) {
        Period period = moment.first_period;
        if (!request.trial_end)
            period.end = period_containing(moment.anchor, interval_of(*item.price), moment.now).end;
        subscription["items"]["data"].push_back(new_item(ctx, subscription, item, period));
    }
    return subscription;
}

/// The lines of the first invoice: a free trial, a part of a cycle, or a whole one.
std::vector<Json> first_lines(Context& ctx, const Json& subscription, const Request& request,
                              const Moment& moment) {
    static const Json kNothing;
    std::vector<Json> lines;
    for (const Json& item : subscription.at("items").at("data")) {
        const Json& price = item.at("price");
        const std::int64_t quantity = integer_of(item, "quantity");
        const Period period = period_of_item(item);
        ItemLine line{LineKind::Regular, subscription, item, price, quantity, 0, period, kNothing};
        if (request.trial_end) {
            line.kind = LineKind::Trial;
        } else if (!request.anchor) {
            line.amount = total_of(price, quantity);
        } else if (request.proration != ProrationBehavior::None) {
            const Period cycle = period_containing(moment.anchor, interval_of(price), moment.now);
            const Money whole(total_of(price, quantity), Currency::Usd);
            const auto share = prorate(whole, cycle, moment.now, Rounding::HalfUp);
            line.amount = share ? share->minor() : 0;
        }
        lines.push_back(subscription_line(ctx, line));
    }
    return lines;
}

bool has_payment_source(Context& ctx, const Json& subscription) {
    Json probe;
    probe["customer"] = subscription.at("customer");
    probe["default_payment_method"] = subscription.at("default_payment_method");
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

}  // namespace

Answer create_subscription(Operation& operation) {
    Context& ctx = operation.ctx;
    auto request = read_request(ctx, operation.params);
    if (!request) return Refusal(request.error());
    const Moment moment = moment_of(ctx, *request);
    Json subscription = build(ctx, *request, moment);
    if (auto error = apply_settings(ctx, subscription, request->settings))
        return Refusal(*std::move(error));
    repeat_single_item(subscription);
    if (auto error = check_item_prices(subscription)) return Refusal(*std::move(error));

    const bool automatic = text_of(subscription, "collection_method") == "charge_automatically";
    if (!automatic && !request->trial_end) subscription["status"] = "active";
    ctx.put(subscription);
    add_charges(ctx, subscription, request->charges);
    Json draft = draft_subscription_invoice(ctx, subscription,
                                            {"subscription_create",
                                             {moment.now, moment.now},
                                             first_lines(ctx, subscription, *request, moment)},
                                            request->payment);
    const bool must_pay = automatic && integer_of(draft, "amount_due") > 0 &&
                          request->payment.behavior != PaymentBehavior::DefaultIncomplete;
    if (must_pay && !has_payment_source(ctx, subscription)) return no_payment_source();
    subscription["latest_invoice"] = draft.at("id");
    save_subscription(ctx, subscription);
    ctx.emit("customer.subscription.created", subscription);
    return collect_subscription_invoice(ctx, text_of(subscription, "id"), std::move(draft),
                                        request->payment);
}

}  // namespace turnpike::twin
