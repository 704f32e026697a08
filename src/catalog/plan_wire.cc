#include "catalog/plan_wire.h"

#include <algorithm>

#include "catalog/wire.h"
#include "json/object_reader.h"

namespace turnpike {
namespace {

constexpr ObjectReader::Text kKeyText{.length_min = 1, .length_max = 64};
constexpr ObjectReader::Text kDescription{.length_min = 0, .length_max = 1'000};
constexpr ObjectReader::Integer kRank{.min = 0, .max = 1'000'000};
constexpr ObjectReader::Integer kTrialDays{.min = 0, .max = kPlanTrialDaysMax};
constexpr UnitPrice kUnitPriceMax = UnitPrice::whole(1'000'000'000);

/// What a catalog file allows, too.
bool is_plain_key(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return std::ranges::all_of(text, plain);
}

/// One of the words that `parse` knows; `fallback` when it is absent or after a complaint.
template <class T>
T read_word(ObjectReader& fields, const char* name, std::optional<T> (*parse)(std::string_view),
            T fallback, const char* known) {
    const auto text = fields.optional_text(name);
    if (!text) return fallback;
    const auto word = parse(*text);
    if (!word) fields.complain(name, "unknown_value", std::string("must be ") + known);
    return word.value_or(fallback);
}

FilePrice read_price(ObjectReader& fields) {
    const auto code = fields.required_text("currency");
    const auto currency = parse_currency(code);
    if (!currency && !code.empty())
        fields.complain("currency", "unknown_currency", "must be an ISO 4217 code sold here");
    const auto interval =
        read_word(fields, "interval", parse_interval, Interval::Month, "day, week, month or year");
    const auto count = fields.optional_integer("interval_count", {.min = 1, .max = 36});
    const auto amount = fields.required_integer("amount", {.min = 0, .max = kPriceMinorMax});
    return {{interval, static_cast<int>(count.value_or(1))},
            Money(amount, currency.value_or(Currency::Usd))};
}

std::optional<UnitPrice> read_unit_price(ObjectReader& fields, const char* name) {
    const auto text = fields.optional_text(name);
    if (!text) return std::nullopt;
    const auto price = UnitPrice::parse(*text);
    if (price && *price >= UnitPrice{} && *price <= kUnitPriceMax) return price;
    fields.complain(name, "bad_decimal",
                    "must be a decimal text from 0 to 1000000000 with at most 9 fraction digits");
    return std::nullopt;
}

Allowance read_allowance(ObjectReader& fields) {
    Allowance allowance{.meter_key = fields.required_text("meter", kKeyText),
                        .included = fields.optional_quantity("included").value_or(Quantity{}),
                        .overage = read_word(fields, "overage_policy", parse_overage_policy,
                                             OveragePolicy::Block, "block, bill or allow"),
                        .overage_unit_price = read_unit_price(fields, "overage_unit_price"),
                        .reset = read_word(fields, "reset", parse_reset, Reset{},
                                           "billing_period, day, week, month, lifetime, "
                                           "rolling_<n>h or rolling_<n>d"),
                        .overage_cap = read_unit_price(fields, "overage_cap")};
    if (allowance.included < Quantity{} || allowance.included > kMaxQuantity)
        fields.complain("included", "out_of_range", "must be a quantity, not negative");
    const bool is_billed = allowance.overage == OveragePolicy::Bill;
    if (is_billed != allowance.overage_unit_price.has_value())
        fields.complain("overage_unit_price", "overage_is_not_billed",
                        "stands exactly where overage_policy is bill");
    if (allowance.overage_cap && !is_billed)
        fields.complain("overage_cap", "overage_is_not_billed", "needs overage_policy bill");
    if (is_billed && allowance.reset.kind != Reset::Kind::BillingPeriod)
        fields.complain("reset", "overage_needs_billing_period",
                        "must be billing_period where overage is billed");
    return allowance;
}

/// Each member of an array of objects, read by `read`; nullopt when there is no such array.
template <class T>
std::optional<std::vector<T>> read_list(ObjectReader& fields, const char* name,
                                        T (*read)(ObjectReader&)) {
    const Json* array = fields.optional_array(name);
    if (array == nullptr) return std::nullopt;
    std::vector<T> list;
    for (std::size_t i = 0; i < array->size(); ++i) {
        ObjectReader one((*array)[i], "/" + std::string(name) + "/" + std::to_string(i));
        list.push_back(read(one));
        fields.absorb(one);
    }
    return list;
}

/// \param removed  where null takes out; nullptr: it is a mistake
std::vector<PlanFeature> read_values(ObjectReader& fields, std::vector<std::string>* removed) {
    std::vector<PlanFeature> values;
    const Json* object = fields.optional_object("features");
    if (object == nullptr) return values;
    ObjectReader members(*object, "/features");
    for (const auto& [key, json] : object->items()) {
        if (members.takes_null(key) && removed != nullptr) {
            removed->push_back(key);
            continue;
        }
        if (json.is_string()) members.refuse_card_number(key, json.get_ref<const std::string&>());
        const auto value = read_feature_value(json);
        if (value && is_plain_key(key))
            values.push_back({key, *value});
        else
            members.complain(key, "bad_value",
                             "must be true, false, a text, a whole number or {\"limit\": ..}");
    }
    fields.absorb(members);
    std::ranges::sort(values, {}, &PlanFeature::key);
    return values;
}

}  // namespace

std::string read_key(ObjectReader& fields, const char* name) {
    std::string key = fields.required_text(name, kKeyText);
    if (!is_plain_key(key))
        fields.complain(name, "bad_key", "may hold a-z, 0-9, '_' and '-', at most 64 of them");
    return key;
}

Result<NewPlan> read_new_plan(const Json& body) {
    ObjectReader fields(body);
    NewPlan wanted;
    wanted.catalog = fields.optional_text("catalog", kKeyText).value_or("");
    wanted.plan.key = read_key(fields, "key");
    wanted.plan.name = fields.required_free_text("name");
    wanted.plan.description = fields.optional_free_text("description", kDescription).value_or("");
    if (const auto rank = fields.optional_integer("rank", kRank))
        wanted.rank = static_cast<int>(*rank);
    wanted.plan.trial_days_max =
        fields.optional_integer("trial_days_max", kTrialDays).value_or(kTrialDaysMaxDefault);
    wanted.plan.prices = read_list(fields, "prices", read_price).value_or(std::vector<FilePrice>());
    wanted.plan.allowances =
        read_list(fields, "allowances", read_allowance).value_or(std::vector<Allowance>());
    wanted.plan.features = read_values(fields, nullptr);
    wanted.plan.custom_price = fields.optional_boolean("custom_price").value_or(false);
    return fields.finish(std::move(wanted));
}

Result<PlanPatch> read_plan_patch(const Json& body) {
    ObjectReader fields(body);
    PlanPatch patch;
    patch.name = fields.optional_free_text("name");
    patch.description = fields.optional_free_text("description", kDescription);
    if (const auto rank = fields.optional_integer("rank", kRank))
        patch.rank = static_cast<int>(*rank);
    patch.trial_days_max = fields.optional_integer("trial_days_max", kTrialDays);
    patch.prices = read_list(fields, "prices", read_price);
    patch.allowances = read_list(fields, "allowances", read_allowance);
    patch.features = read_values(fields, &patch.removed_features);
    patch.custom_price = fields.optional_boolean("custom_price");
    return fields.finish(std::move(patch));
}

Result<Feature> read_new_feature(const Json& body) {
    ObjectReader fields(body);
    Feature feature;
    feature.catalog = fields.optional_text("catalog", kKeyText).value_or("");
    feature.key = read_key(fields, "key");
    feature.name = fields.required_free_text("name");
    feature.kind = read_word(fields, "kind", parse_feature_kind, FeatureKind::Boolean,
                             "boolean, configuration or capacity");
    if (feature.kind == FeatureKind::Metered)
        fields.complain("kind", "metered_feature", "what is metered is a meter of a catalog file");
    return fields.finish(std::move(feature));
}

Json write_feature(const Feature& feature) {
    Json json;
    json["object"] = "feature";
    json["catalog"] = feature.catalog;
    json["key"] = feature.key;
    json["name"] = feature.name;
    json["kind"] = to_text(feature.kind);
    json["origin"] = to_text(feature.origin);
    return json;
}

Json write_feature(const Meter& meter) {
    Feature feature{meter.catalog, meter.key, meter.name, FeatureKind::Metered};
    Json json = write_feature(feature);
    json["unit"] = meter.unit;
    return json;
}

}  // namespace turnpike
