#include "sandbox/stripe/checkout/intent_data.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

constexpr auto kTrialMin = std::chrono::hours(48);

/// What only platforms have.
void refuse_connect(Params& data, std::initializer_list<std::string_view> names) {
    for (const auto name : names) data.refuse(name, "This sandbox has no connected accounts.");
}

void keep_metadata(Params& data, Json& kept) {
    if (auto metadata = data.metadata(); metadata && metadata->is_object())
        kept["metadata"] = *std::move(metadata);
}

void read_trial_date(Params& data, Json& form, Instant now) {
    const auto end = data.timestamp("trial_end");
    if (!end) return;
    const std::string name = data.name_of("trial_end");
    if (form.contains("trial_period_days"))
        data.complain(only_one_of(data, "trial_end", "trial_period_days"));
    if (*end < now + kTrialMin)
        data.complain(
            bad_param(name, "", "The `trial_end` date has to be at least 2 days in the future."));
    check_trial_length(data, end, now);
    form["trial_end"] = std::to_string(unix_seconds(*end));
}

void read_trial_end_behavior(Params& data, Json& form) {
    auto settings = data.object("trial_settings");
    if (!settings) return;
    auto end = settings->object("end_behavior");
    if (!end) {
        settings->complain(missing_param(settings->name_of("end_behavior")));
    } else {
        if (const auto missing =
                end->one_of("missing_payment_method", {"cancel", "create_invoice", "pause"}))
            form["trial_settings"]["end_behavior"]["missing_payment_method"] = *missing;
        settings->absorb(*end);
    }
    data.absorb(*settings);
}

void read_mode_of_billing(Params& data, Json& form) {
    auto mode = data.object("billing_mode");
    if (!mode) return;
    if (const auto type = mode->one_of("type", {"classic", "flexible"}))
        form["billing_mode"]["type"] = *type;
    mode->refuse("flexible", "This sandbox's checkout does not know it.");
    data.absorb(*mode);
}

}  // namespace

Json read_payment_data(Params& params) {
    Json kept = Json::object();
    auto data = params.object("payment_intent_data");
    if (!data) return kept;
    set_text(*data, "description", kept);
    keep_metadata(*data, kept);
    if (const auto capture =
            data->one_of("capture_method", {"automatic", "automatic_async", "manual"}))
        kept["capture_method"] = *capture;
    if (const auto usage = data->one_of("setup_future_usage", {"off_session", "on_session"}))
        kept["setup_future_usage"] = *usage;
    read_intent_notes(*data, kept);
    refuse_connect(*data, {"application_fee_amount", "on_behalf_of", "transfer_data"});
    params.absorb(*data);
    return kept;
}

Json read_setup_data(Params& params) {
    Json kept = Json::object();
    auto data = params.object("setup_intent_data");
    if (!data) return kept;
    set_text(*data, "description", kept);
    keep_metadata(*data, kept);
    refuse_connect(*data, {"on_behalf_of"});
    params.absorb(*data);
    return kept;
}

Json read_subscription_data(Params& params, Instant now) {
    Json form = Json::object();
    auto data = params.object("subscription_data");
    if (!data) return form;
    if (const auto description = data->text("description")) form["description"] = *description;
    keep_metadata(*data, form);
    if (const auto days = read_trial_days(*data)) form["trial_period_days"] = std::to_string(*days);
    read_trial_date(*data, form, now);
    read_trial_end_behavior(*data, form);
    read_mode_of_billing(*data, form);
    data->refuse("billing_cycle_anchor", "This sandbox's checkout does not set billing anchors.");
    data->refuse("proration_behavior", "This sandbox's checkout does not set billing anchors.");
    data->refuse("default_tax_rates", "This sandbox does not compute taxes.");
    ignore_object(*data, "invoice_settings", {"issuer"});
    refuse_connect(*data, {"application_fee_percent", "on_behalf_of", "transfer_data"});
    params.absorb(*data);
    return form;
}

}  // namespace turnpike::twin
