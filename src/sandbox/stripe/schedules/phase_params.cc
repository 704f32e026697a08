#include "sandbox/stripe/schedules/phase_params.h"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/schedules/phase_dates.h"
#include "sandbox/stripe/schedules/phase_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kPhasesMax = 10;

struct PhaseRequest {
    Json document;
    PhaseDates dates;
    DiscountedPhase sold;
    std::string currency;  ///< "": that of the prices
    std::optional<Instant> trial_end;
    enum class Trial : bool { ToDate, WholePhase } trial = Trial::ToDate;
};

std::string phase_name(std::size_t index) { return "phases[" + std::to_string(index) + "]"; }

/// Unix seconds, or "now".
std::optional<Instant> read_moment(Params& params, std::string_view name, Instant now) {
    if (params.text(name).value_or("") == "now") return now;
    return params.timestamp(name);
}

/// A century of any unit: calendars end, and so do mistakes.
std::int64_t longest(BillingInterval::Unit unit) {
    switch (unit) {
        case BillingInterval::Unit::Day: return 36'500;
        case BillingInterval::Unit::Week: return 5'200;
        case BillingInterval::Unit::Month: return 1'200;
        case BillingInterval::Unit::Year: return 100;
    }
    return 1;
}

std::optional<BillingInterval> counted(Params& params, std::string_view name, BillingInterval unit,
                                       std::int64_t count) {
    if (count < 1 || count > longest(unit.unit) / unit.count) {
        params.complain(bad_param(params.name_of(name), "parameter_invalid_integer",
                                  count < 1 ? "This value must be greater than or equal to 1."
                                            : "A phase can last at most 100 years."));
        return std::nullopt;
    }
    return BillingInterval{unit.unit, unit.count * static_cast<int>(count)};
}

std::optional<BillingInterval> read_duration(Params& params) {
    auto duration = params.object("duration");
    if (!duration) return std::nullopt;
    constexpr std::array<std::pair<std::string_view, BillingInterval::Unit>, 4> kUnits{
        {{"day", BillingInterval::Unit::Day},
         {"week", BillingInterval::Unit::Week},
         {"month", BillingInterval::Unit::Month},
         {"year", BillingInterval::Unit::Year}}};
    std::optional<BillingInterval> length;
    const auto name = duration->one_of("interval", {"day", "month", "week", "year"});
    const std::int64_t count = duration->integer("interval_count").value_or(1);
    if (!name) duration->complain(missing_param(duration->name_of("interval")));
    for (const auto& [text, unit] : kUnits)
        if (name == text) length = counted(*duration, "interval_count", {unit, 1}, count);
    params.absorb(*duration);
    return length;
}

/// end_date, duration, or (where the request names no version) iterations of the price's interval.
void read_dates(Params& params, PhaseRequest& request, const PhaseReading& reading) {
    PhaseDates& dates = request.dates;
    if (!request.sold.items.empty()) dates.usual = interval_of(*request.sold.items.front().price);
    const bool names_start = !reading.start || reading.starts == PhaseReading::Starts::Named;
    if (names_start) dates.start = read_moment(params, "start_date", reading.now);
    dates.end =
        reading.start ? params.timestamp("end_date") : read_moment(params, "end_date", reading.now);
    dates.length = read_duration(params);
    std::string length = "duration";
    if (params.has_retired("iterations")) {
        if (dates.length) params.complain(only_one_of(params, "duration", "iterations"));
        length = "iterations";
        if (const auto iterations = params.integer("iterations"))
            dates.length = counted(params, "iterations", dates.usual, *iterations);
    }
    if (dates.end && dates.length) params.complain(only_one_of(params, "end_date", length));
}

void read_trial(Params& params, PhaseRequest& request, const PhaseReading& reading) {
    if (params.boolean("trial").value_or(false)) request.trial = PhaseRequest::Trial::WholePhase;
    request.trial_end = reading.start ? params.timestamp("trial_end")
                                      : read_moment(params, "trial_end", reading.now);
    const bool whole = request.trial == PhaseRequest::Trial::WholePhase;
    if (whole && request.trial_end) params.complain(only_one_of(params, "trial", "trial_end"));
    const bool trials = whole || request.trial_end;
    if (trials && text_of(request.document, "billing_cycle_anchor") == "phase_start")
        params.complain(bad_param(params.name_of("billing_cycle_anchor"), "",
                                  "billing_cycle_anchor cannot be `phase_start` in a phase with a "
                                  "trial."));
}

/// What phases and default_settings have both.
void read_shared_settings(Params& params, Json& settings) {
    if (const auto anchor = params.one_of("billing_cycle_anchor", {"automatic", "phase_start"}))
        settings["billing_cycle_anchor"] = *anchor;
    if (const auto method =
            params.one_of("collection_method", {"charge_automatically", "send_invoice"}))
        settings["collection_method"] = *method;
    set_text(params, "default_payment_method", settings);
    set_text(params, "description", settings);
    if (auto invoice = params.object("invoice_settings")) {
        if (settings["invoice_settings"].is_null())
            settings["invoice_settings"] = {{"account_tax_ids", nullptr}, {"issuer", nullptr}};
        const auto days = read_days_until_due(*invoice);
        settings["invoice_settings"]["days_until_due"] = days ? Json(*days) : Json();
        invoice->ignore("account_tax_ids");
        invoice->ignore("issuer");
        params.absorb(*invoice);
    }
    refuse_tax(params);
    params.refuse("billing_thresholds", "This sandbox does not bill by thresholds.");
    for (const char* name : {"application_fee_percent", "on_behalf_of", "transfer_data"})
        params.refuse(name, "This sandbox has no connected accounts.");
}

Outcome<std::vector<ItemRequest>> read_phase_items(Context& ctx, Params& params,
                                                   const PhaseReading& reading) {
    std::vector<ItemRequest> items;
    for (Params& item : params.objects("items")) {
        auto request = read_item(ctx, item, reading.prices_in_use);
        if (!request) return Refusal(request.error());
        item.ignore("plan");  // may repeat the price
        if (auto complaint = item.complaint()) return Refusal(*std::move(complaint));
        if (!request->price) return missing_param(item.name_of("price"));
        items.push_back(*std::move(request));
    }
    if (items.empty()) return missing_param(params.name_of("items"));
    if (items.size() > kItemsMax)
        return bad_param(params.name_of("items"), "", "A subscription can have at most 20 items.");
    return items;
}

Json phase_item(const std::string& price, const Json& quantity, const Json& metadata) {
    Json item;
    item["billing_thresholds"] = nullptr;
    item["discounts"] = Json::array();
    item["metadata"] = metadata;
    item["plan"] = price;
    item["price"] = price;
    item["quantity"] = quantity;
    item["tax_rates"] = Json::array();
    return item;
}

/// A metered price has none.
Json quantity_shown(const ItemRequest& item) {
    return is_metered(*item.price) ? Json() : Json(item.quantity.value_or(1));
}

Json phase_charge(const AddedCharge& charge) {
    Json added;
    added["discounts"] = phase_discounts(charge.discounts);
    added["metadata"] = Json::object();
    added["period"]["end"]["type"] = "min_item_period_end";
    added["period"]["start"]["type"] = "max_item_period_start";
    added["price"] = text_of(charge.price, "id");
    added["quantity"] = charge.quantity;
    added["tax_rates"] = Json::array();
    return added;
}

Json blank_phase() {
    Json phase;
    for (const char* member : {"add_invoice_items", "default_tax_rates", "discounts", "items"})
        phase[member] = Json::array();
    for (const char* member :
         {"application_fee_percent", "billing_cycle_anchor", "billing_thresholds",
          "collection_method", "default_payment_method", "description", "invoice_settings",
          "on_behalf_of", "transfer_data", "trial_end"})
        phase[member] = nullptr;
    phase["metadata"] = Json::object();
    phase["proration_behavior"] = "create_prorations";
    return phase;
}

Outcome<PhaseRequest> read_phase(Context& ctx, Params& params, const PhaseReading& reading) {
    PhaseRequest request;
    request.document = blank_phase();
    Json& phase = request.document;
    auto items = read_phase_items(ctx, params, reading);
    if (!items) return Refusal(items.error());
    request.sold.items = *std::move(items);
    auto charges = read_added_charges(ctx, params);
    if (!charges) return Refusal(charges.error());
    request.sold.charges = *std::move(charges);
    read_shared_settings(params, phase);
    read_dates(params, request, reading);
    read_trial(params, request, reading);
    request.currency = read_optional_currency(params);
    if (const auto proration =
            params.one_of("proration_behavior", {"always_invoice", "create_prorations", "none"}))
        phase["proration_behavior"] = *proration;
    // Keys with empty values stay: they unset the subscription's when the phase begins.
    if (const auto metadata = params.metadata(); metadata && metadata->is_object())
        phase["metadata"] = *metadata;
    request.sold.whole = read_discounts(params).value_or(std::vector<DiscountRequest>());
    phase["discounts"] = phase_discounts(request.sold.whole);
    params.refuse("default_tax_rates", "This sandbox does not compute taxes.");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));

    for (const ItemRequest& item : request.sold.items) {
        Json shown = phase_item(
            text_of(*item.price, "id"), quantity_shown(item),
            item.metadata && item.metadata->is_object() ? *item.metadata : Json::object());
        if (item.discounts) shown["discounts"] = phase_discounts(*item.discounts);
        phase["items"].push_back(std::move(shown));
    }
    for (const AddedCharge& charge : request.sold.charges)
        phase["add_invoice_items"].push_back(phase_charge(charge));
    return request;
}

/// What a subscription with these items would be refused for.
std::optional<StripeError> check_phase(const PhaseRequest& phase, const std::string& currency,
                                       const std::string& where) {
    if (!phase.currency.empty() && phase.currency != currency)
        return bad_param(where + "[currency]", "",
                         "All phases of a subscription schedule must have the same currency.")
            .error();
    if (auto error = check_currency(phase.sold.items, phase.sold.charges, currency)) return error;
    Json probe;
    for (const ItemRequest& item : phase.sold.items)
        probe["items"]["data"].push_back(
            {{"price", *item.price}, {"quantity", quantity_shown(item)}});
    auto error = check_item_prices(probe, ItemsOf::Phase);
    if (error) error->param = where + "[items]";
    return error;
}

/// What the phase could not redeem after those before it. What is over redeems nothing.
std::optional<StripeError> check_discounts(Context& ctx, const PhaseRequest& phase, Period period,
                                           const PhaseReading& reading,
                                           std::vector<Redeemed>& redeemed) {
    const DiscountTarget target{.customer = reading.customer, .currency = phase.currency};
    if (!reading.running) return check_phase_discounts(ctx, target, phase.sold, redeemed);
    const Instant started = *instant_of(reading.running->phase, "start_date");
    if (period.end <= started) return std::nullopt;
    if (period.start > started) return check_phase_discounts(ctx, target, phase.sold, redeemed);
    return check_phase_discounts(ctx, target, new_in_running(ctx, phase.sold, *reading.running),
                                 redeemed);
}

std::optional<StripeError> put_dates(PhaseRequest& phase, Period period, const std::string& where) {
    Json& document = phase.document;
    document["start_date"] = unix_seconds(period.start);
    document["end_date"] = unix_seconds(period.end);
    if (phase.trial == PhaseRequest::Trial::WholePhase) phase.trial_end = period.end;
    if (phase.trial_end && (*phase.trial_end < period.start || *phase.trial_end > period.end))
        return bad_param(where + "[trial_end]", "",
                         "The trial_end of a phase must lie between its start_date and its "
                         "end_date.")
            .error();
    document["trial_end"] = seconds_or_null(phase.trial_end);
    return std::nullopt;
}

Refusal date_refusal(const PhaseDateError& error) {
    const std::string where = phase_name(error.phase);
    switch (error.rule) {
        case PhaseDateError::Rule::NoStart:
            return bad_param("phases", "",
                             "The subscription schedule update is missing at least one phase with "
                             "a `start_date` to anchor end dates to.");
        case PhaseDateError::Rule::Gap:
            return bad_param(where + "[start_date]", "",
                             "The start_date of a phase must be the end_date of the phase before "
                             "it.");
        case PhaseDateError::Rule::Empty: break;
    }
    return bad_param(where + "[end_date]", "",
                     "The end_date of a phase must be after its start_date.");
}

}  // namespace

Outcome<std::vector<Json>> read_phases(Context& ctx, Params& params, const PhaseReading& reading) {
    std::vector<PhaseRequest> requests;
    std::vector<PhaseDates> dates;
    for (Params& phase : params.objects("phases")) {
        auto request = read_phase(ctx, phase, reading);
        if (!request) return Refusal(request.error());
        if (requests.empty() && reading.start && !request->dates.start)
            request->dates.start = reading.start;
        dates.push_back(request->dates);
        requests.push_back(*std::move(request));
    }
    if (requests.empty()) return missing_param("phases");
    if (requests.size() > kPhasesMax)
        return bad_param("phases", "",
                         "You can define up to 10 current or future phases on a subscription "
                         "schedule.");
    const auto periods = lay_out(dates);
    if (!periods) return date_refusal(periods.error());
    std::string currency = requests.front().currency;
    if (currency.empty())
        currency = text_of(*requests.front().sold.items.front().price, "currency");
    std::vector<Json> phases;
    std::vector<Redeemed> redeemed;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        PhaseRequest& phase = requests[i];
        const std::string where = phase_name(i);
        if (auto error = check_phase(phase, currency, where)) return Refusal(*std::move(error));
        phase.currency = currency;
        if (auto error = check_discounts(ctx, phase, (*periods)[i], reading, redeemed))
            return Refusal(*std::move(error));
        if (auto error = check_settings(ctx, phase.document, reading.customer, where))
            return Refusal(*std::move(error));
        if (auto error = put_dates(phase, (*periods)[i], where)) return Refusal(*std::move(error));
        phase.document["currency"] = currency;
        phases.push_back(std::move(phase.document));
    }
    return phases;
}

Json default_settings_of_new() {
    Json settings;
    for (const char* member :
         {"application_fee_percent", "billing_thresholds", "default_payment_method", "description",
          "on_behalf_of", "transfer_data"})
        settings[member] = nullptr;
    settings["automatic_tax"] = {
        {"disabled_reason", nullptr}, {"enabled", false}, {"liability", nullptr}};
    settings["billing_cycle_anchor"] = "automatic";
    settings["collection_method"] = "charge_automatically";
    settings["invoice_settings"] = {
        {"account_tax_ids", nullptr}, {"days_until_due", nullptr}, {"issuer", {{"type", "self"}}}};
    return settings;
}

void read_default_settings(Params& params, Json& settings) {
    auto given = params.object("default_settings");
    if (!given) return;
    read_shared_settings(*given, settings);
    params.absorb(*given);
}

std::optional<StripeError> check_settings(Context& ctx, const Json& settings,
                                          const std::string& customer, const std::string& where) {
    if (text_of(settings, "collection_method") == "send_invoice")
        if (auto error = check_mail_address(ctx, customer)) return error;
    const std::string method = text_of(settings, "default_payment_method");
    if (method.empty()) return std::nullopt;
    Json probe;
    probe["customer"] = customer;
    SubscriptionSettings wanted;
    wanted.default_payment_method = method;
    auto error = apply_settings(ctx, probe, wanted);
    if (error) error->param = where + "[default_payment_method]";
    return error;
}

std::optional<StripeError> check_due_days(const Json& schedule) {
    const Json& defaults = schedule.at("default_settings");
    const auto has_days = [](const Json& settings) {
        return part_of(settings, "invoice_settings").value("days_until_due", Json()).is_number();
    };
    const auto name = [](const std::string& where) {
        return where + "[invoice_settings][days_until_due]";
    };
    std::size_t index = 0;
    for (const Json& phase : schedule.at("phases")) {
        const bool own = !phase.at("collection_method").is_null();
        const std::string method = text_of(own ? phase : defaults, "collection_method");
        const std::string where = own ? phase_name(index) : "default_settings";
        if (method == "send_invoice" && !has_days(phase) && !has_days(defaults))
            return missing_param(name(where)).error();
        ++index;
    }
    return std::nullopt;
}

Json phase_of_subscription(const Json& subscription) {
    Json phase = blank_phase();
    phase["currency"] = subscription.at("currency");
    phase["discounts"] = phase_discounts_of(subscription);
    for (const Json& item : subscription.at("items").at("data")) {
        Json shown = phase_item(text_of(item, "price"), item.value("quantity", Json()),
                                part_of(item, "metadata"));
        shown["discounts"] = phase_discounts_of(item);
        phase["items"].push_back(std::move(shown));
    }
    return phase;
}

}  // namespace turnpike::twin
