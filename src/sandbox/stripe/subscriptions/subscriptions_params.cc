#include "sandbox/stripe/subscriptions/subscriptions_params.h"

#include <utility>

#include "sandbox/stripe/cards/own_methods.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

void read_payment_settings(Params& params, SubscriptionSettings& settings) {
    auto payment = params.object("payment_settings");
    if (!payment) return;
    settings.save_default_payment_method =
        payment->one_of("save_default_payment_method", {"off", "on_subscription"});
    payment->ignore("payment_method_types");
    payment->ignore("payment_method_options");
    params.absorb(*payment);
}

void read_trial_settings(Params& params, SubscriptionSettings& settings) {
    auto trial = params.object("trial_settings");
    if (!trial) return;
    if (auto end = trial->object("end_behavior")) {
        settings.missing_payment_method =
            end->one_of("missing_payment_method", {"create_invoice", "cancel", "pause"});
        trial->absorb(*end);
    }
    params.absorb(*trial);
}

std::optional<StripeError> apply_payment_method(Context& ctx, Json& subscription,
                                                const std::string& id) {
    if (id.empty()) {
        subscription["default_payment_method"] = nullptr;
        return std::nullopt;
    }
    subscription["default_payment_method"] = id;
    return check_own_method(ctx, text_of(subscription, "customer"), id, "default_payment_method");
}

std::optional<StripeError> apply_source(Context& ctx, Json& subscription, const std::string& id) {
    subscription["default_source"] = text_or_null(id);
    if (id.empty()) return std::nullopt;
    const auto card = ctx.find("card", id);
    if (card && text_of(*card, "customer") == text_of(subscription, "customer"))
        return std::nullopt;
    return no_such_param("source", id, "default_source").error();
}

std::optional<StripeError> apply_collection(Context& ctx, Json& subscription,
                                            const SubscriptionSettings& settings) {
    const bool sent = text_of(subscription, "collection_method") == "send_invoice";
    if (settings.collection_method) subscription["collection_method"] = *settings.collection_method;
    const bool sends = text_of(subscription, "collection_method") == "send_invoice";
    if (sends && !sent)
        if (auto error = check_mail_address(ctx, text_of(subscription, "customer"))) return error;
    if (!sends) {
        subscription["days_until_due"] = nullptr;
        if (!settings.days_until_due) return std::nullopt;
        return bad_param("", "",
                         "You can only specify 'days_until_due' if invoice collection method is "
                         "'send_invoice'.")
            .error();
    }
    if (settings.days_until_due) subscription["days_until_due"] = *settings.days_until_due;
    if (!subscription["days_until_due"].is_null()) return std::nullopt;
    return bad_param("", "",
                     "If invoice collection method is 'send_invoice', you must specify "
                     "'days_until_due'.")
        .error();
}

/// Items of several intervals need flexible billing.
std::optional<StripeError> check_intervals(const Json& subscription) {
    const Json& items = subscription.at("items").at("data");
    if (!is_classic(subscription)) return std::nullopt;
    for (const Json& item : items) {
        if (interval_of(item.at("price")) == interval_of(items[0].at("price"))) continue;
        return bad_param("items", "",
                         "Currency and interval fields must match across all plans on this "
                         "subscription. Found mismatch in interval field.")
            .error();
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> read_feedback(Params& details) {
    std::vector<std::string_view> known{""};
    known.insert(known.end(), kFeedbacks.begin(), kFeedbacks.end());
    return details.one_of("feedback", std::move(known));
}

SubscriptionSettings read_settings(Params& params) {
    SubscriptionSettings settings;
    settings.metadata = params.metadata();
    settings.description = params.text("description");
    settings.collection_method =
        params.one_of("collection_method", {"charge_automatically", "send_invoice"});
    settings.days_until_due = read_days_until_due(params);
    settings.default_payment_method = params.text("default_payment_method");
    settings.default_source = params.text("default_source");
    settings.cancel_at_period_end = params.boolean("cancel_at_period_end");
    settings.cancel_at = params.text("cancel_at");
    read_payment_settings(params, settings);
    read_trial_settings(params, settings);
    refuse_tax(params);
    params.refuse("default_tax_rates", "This sandbox does not compute taxes.");
    if (auto details = params.object("cancellation_details")) {
        settings.comment = details->text("comment");
        settings.feedback = read_feedback(*details);
        params.absorb(*details);
    }
    ignore_object(params, "invoice_settings", {"account_tax_ids", "issuer"});
    return settings;
}

std::optional<StripeError> apply_settings(Context& ctx, Json& subscription,
                                          const SubscriptionSettings& settings) {
    merge_metadata(subscription, settings.metadata);
    if (settings.description) subscription["description"] = text_or_null(*settings.description);
    if (auto error = apply_collection(ctx, subscription, settings)) return error;
    if (settings.default_payment_method)
        if (auto error = apply_payment_method(ctx, subscription, *settings.default_payment_method))
            return error;
    if (settings.default_source)
        if (auto error = apply_source(ctx, subscription, *settings.default_source)) return error;
    if (settings.save_default_payment_method)
        subscription["payment_settings"]["save_default_payment_method"] =
            *settings.save_default_payment_method;
    if (settings.missing_payment_method)
        subscription["trial_settings"]["end_behavior"]["missing_payment_method"] =
            *settings.missing_payment_method;
    Json& details = subscription["cancellation_details"];
    if (settings.comment) details["comment"] = text_or_null(*settings.comment);
    if (settings.feedback) details["feedback"] = text_or_null(*settings.feedback);
    return std::nullopt;
}

Payment read_payment(Params& params) {
    Payment payment;
    const auto behavior = params.one_of(
        "payment_behavior",
        {"allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"});
    if (behavior == "default_incomplete") payment.behavior = PaymentBehavior::DefaultIncomplete;
    if (behavior == "error_if_incomplete") payment.behavior = PaymentBehavior::ErrorIfIncomplete;
    if (behavior == "pending_if_incomplete")
        payment.behavior = PaymentBehavior::PendingIfIncomplete;
    if (params.boolean("off_session").value_or(false)) payment.session = PaymentSession::Recurring;
    return payment;
}

ProrationBehavior read_proration_behavior(Params& params) {
    const auto behavior =
        params.one_of("proration_behavior", {"create_prorations", "always_invoice", "none"});
    if (behavior == "always_invoice") return ProrationBehavior::AlwaysInvoice;
    return behavior == "none" ? ProrationBehavior::None : ProrationBehavior::CreateProrations;
}

std::optional<std::int64_t> read_trial_days(Params& params) {
    const auto days = params.integer("trial_period_days");
    const std::string name = params.name_of("trial_period_days");
    if (days && *days < 1)
        params.complain(bad_param(name, "parameter_invalid_integer",
                                  "This value must be greater than or equal to 1."));
    if (days && *days > kTrialDaysMax)
        params.complain(bad_param(name, "parameter_invalid_integer",
                                  "Invalid trial_period_days: a trial can be no longer than two "
                                  "years (730 days)."));
    return days;
}

void check_trial_from_plan(Params& params) {
    const bool from_plan = params.boolean("trial_from_plan").value_or(false);
    if (from_plan && (params.has("trial_end") || params.has("trial_period_days")))
        params.complain(bad_param(
            "", "",
            "You cannot set `trial_end` or `trial_period_days` when `trial_from_plan=true`."));
}

void check_trial_length(Params& params, std::optional<Instant> trial_end, Instant now) {
    if (trial_end && *trial_end > now + std::chrono::days(kTrialDaysMax))
        params.complain(bad_param(params.name_of("trial_end"), "",
                                  "Invalid timestamp: can be no more than two years in the "
                                  "future."));
}

void check_trial_end(Params& params, std::optional<Instant> trial_end, Instant now) {
    if (trial_end && *trial_end <= now)
        params.complain(bad_param(
            "trial_end", "",
            "The parameter `trial_end` expects a unix timestamp representing a date and time in "
            "the future. You specified the value `" +
                std::to_string(unix_seconds(*trial_end)) + "` which is in the past."));
    check_trial_length(params, trial_end, now);
}

namespace {

/// `kept` and `added` have the same price.
StripeError same_price(const Json& kept, const Json& added, ItemsOf whose) {
    const std::string price = text_of(added, "price");
    switch (whose) {
        case ItemsOf::NewSubscription:
            return bad_param("plan", "",
                             "Cannot create a Subscription with multiple Subscription Items with "
                             "the same Price: " +
                                 price)
                .error();
        case ItemsOf::Subscription:
            return bad_param("plan", "",
                             "A new item with Price " + price +
                                 " can't be added to this Subscription because an existing "
                                 "Subscription Item " +
                                 text_of(kept, "id") +
                                 " is already using that Price. If you want to update the existing "
                                 "item (e.g., to adjust the quantity), pass the existing "
                                 "Subscription Item's `id` in your update request: "
                                 "https://stripe.com/docs/api/subscriptions/"
                                 "update#update_subscription-items-id")
                .error();
        case ItemsOf::Phase: break;
    }
    return bad_param("items", "",
                     "Cannot add multiple subscription items with the same plan: " + price)
        .error();
}

}  // namespace

std::optional<StripeError> check_item_prices(const Json& subscription, ItemsOf whose) {
    const Json& items = subscription.at("items").at("data");
    if (auto error = check_intervals(subscription)) return error;
    if (items.size() > kItemsMax)
        return bad_param("items", "", "A subscription can have at most 20 items.").error();
    std::int64_t cycle = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (text_of(items[i], "price") == text_of(items[j], "price"))
                return same_price(items[j], items[i], whose);
        }
        cycle += total_of(items[i].at("price"), integer_of(items[i], "quantity"));
    }
    // What one invoice cannot hold could never be renewed.
    if (!fits_amount(cycle))
        return amount_too_large("items", text_of(items[0].at("price"), "currency")).error();
    return std::nullopt;
}

}  // namespace turnpike::twin
