#include "dialects/saas_orgs_plan_wire.h"

#include <algorithm>
#include <utility>

#include "base/free_text.h"
#include "billing/life/offer.h"
#include "catalog/feature_list.h"
#include "catalog/plan_wire.h"
#include "json/object_reader.h"
#include "json/write.h"
#include "people/seats.h"

namespace turnpike {
namespace {

constexpr ObjectReader::Integer kAmount{.min = 0, .max = kPriceMinorMax};
constexpr ObjectReader::Text kDescription{.length_min = 0, .length_max = 1'000};
constexpr ObjectReader::Text kFeatures{.length_min = 0, .length_max = 10'000};

/// How many there may be; null is without end. nullopt: the member is absent.
std::optional<Capacity> read_limit(ObjectReader& fields, const char* name, std::int64_t least) {
    if (fields.takes_null(name)) return Capacity{};
    const auto limit = fields.optional_integer(name, {.min = least, .max = kCapacityMax});
    if (!limit) return std::nullopt;
    return Capacity{limit};
}

/// This interface sells by the month and by the year.
std::optional<Interval> read_rhythm(ObjectReader& fields) {
    const auto text = fields.optional_text("interval");
    if (!text) return std::nullopt;
    const auto interval = parse_interval(*text);
    if (interval == Interval::Month || interval == Interval::Year) return interval;
    fields.complain("interval", "wrong_value", "must be month or year");
    return std::nullopt;
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return "";
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

/// "A, B, C"
std::optional<std::vector<std::string>> read_features(ObjectReader& fields) {
    const auto text = fields.optional_free_text("features", kFeatures);
    if (!text) return std::nullopt;
    std::vector<std::string> names;
    for (std::size_t start = 0; start <= text->size();) {
        const auto comma = std::min(text->find(',', start), text->size());
        const auto name = trimmed(std::string_view(*text).substr(start, comma - start));
        start = comma + 1;
        if (name.empty()) continue;
        auto kept = read_free_text(name, {.length_max = kFeatureNameMax});
        if (kept)
            names.push_back(std::move(*kept));
        else
            fields.complain("features", kept.error().code,
                            "has a feature whose name " + kept.error().detail);
    }
    if (names.size() > kListedFeaturesMax)
        fields.complain("features", "too_many", "may be at most 100");
    return names;
}

std::vector<PlanFeature> read_limits(ObjectReader& fields) {
    std::vector<PlanFeature> limits;
    if (const auto projects = read_limit(fields, "max_projects", 0))
        limits.push_back({std::string(feature_of_seats(Seats::Projects)), *projects});
    if (const auto users = read_limit(fields, "max_users", 1))
        limits.push_back({std::string(feature_of_seats(Seats::Users)), *users});
    return limits;
}

void require(ObjectReader& fields, const Json& body, const char* name) {
    if (body.is_object() && !body.contains(name))
        fields.complain(name, "required", "is required: a whole number, or null for no limit");
}

Json write_limit(const PlanVersion& plan, Seats seats) {
    const FeatureValue* value = plan.feature(feature_of_seats(seats));
    const auto* capacity = value == nullptr ? nullptr : std::get_if<Capacity>(value);
    if (capacity == nullptr) return 0;
    return capacity->limit ? Json(*capacity->limit) : Json();
}

Json write_price(const Price& price) {
    Json json;
    json["amount"] = price.amount.minor();
    json["currency"] = to_text(price.amount.currency());
    json["interval"] = to_text(price.recurrence.interval);
    json["interval_count"] = price.recurrence.count;
    return json;
}

}  // namespace

Result<NewPlan> read_saas_plan(const Json& body) {
    ObjectReader fields(body);
    NewPlan wanted;
    wanted.plan.name = fields.required_free_text("name");
    wanted.plan.key = read_key(fields, "slug");
    wanted.plan.description = fields.optional_free_text("description", kDescription).value_or("");
    const auto amount = fields.required_integer("price_amount", kAmount);
    const auto currency = read_currency(fields).value_or(Currency::Usd);
    const auto rhythm = read_rhythm(fields).value_or(Interval::Month);
    wanted.plan.prices = {{{rhythm, 1}, Money(amount, currency)}};
    if (!can_be_charged(wanted.plan.prices.front().amount))
        fields.complain("price_amount", "not_chargeable",
                        "must end with 0: the last of three decimals cannot be charged");
    wanted.plan.features = read_limits(fields);
    require(fields, body, "max_users");
    require(fields, body, "max_projects");
    wanted.listed = read_features(fields).value_or(std::vector<std::string>());
    return fields.finish(std::move(wanted));
}

Result<PlanPatch> read_saas_plan_patch(const Json& body, const PlanVersion& plan) {
    ObjectReader fields(body);
    PlanPatch patch;
    patch.name = fields.optional_free_text("name");
    const auto slug = fields.optional_text("slug");
    if (slug && *slug != plan.key)
        fields.complain("slug", "never_changes", "stays '" + plan.key + "'");
    patch.description = fields.optional_free_text("description", kDescription);
    patch.first_price.amount = fields.optional_integer("price_amount", kAmount);
    patch.first_price.currency = read_currency(fields);
    patch.first_price.interval = read_rhythm(fields);
    patch.features = read_limits(fields);
    patch.listed = read_features(fields);
    return fields.finish(std::move(patch));
}

Json write_saas_plan(const ShownPlan& shown) {
    const PlanVersion& plan = shown.plan;
    const Price* price = plan.prices.empty() ? nullptr : &plan.prices.front();
    std::string features;
    for (const auto& name : shown.features) features += (features.empty() ? "" : ", ") + name;
    Json json;
    json["id"] = plan.plan.text();
    json["object"] = "plan";
    json["name"] = plan.name;
    json["slug"] = plan.key;
    json["description"] = plan.description;
    json["price_amount"] = price == nullptr ? Json() : Json(price->amount.minor());
    json["currency"] = price == nullptr ? Json() : Json(to_text(price->amount.currency()));
    json["interval"] = price == nullptr ? Json() : Json(to_text(price->recurrence.interval));
    json["max_users"] = write_limit(plan, Seats::Users);
    json["max_projects"] = write_limit(plan, Seats::Projects);
    json["features"] = features;
    if (plan.custom_price) json["talk_to_sales"] = true;
    json["is_active"] = !plan.is_archived;
    json["is_default"] = plan.is_default;
    json["prices"] = Json::array();
    for (const Price& one : plan.prices) json["prices"].push_back(write_price(one));
    json["stripe_product_id"] = write_optional(shown.stripe_product);
    json["stripe_price_id"] = write_optional(shown.stripe_price);
    return json;
}

}  // namespace turnpike
