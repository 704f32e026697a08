#include "catalog/plan_diff.h"

#include <algorithm>
#include <map>

namespace turnpike {
namespace {

/// A catalog as facts: what is stated -> what it says. Two catalogs are equal when their facts are.
using Facts = std::map<std::string, std::string>;

std::string recurrence_text(const Recurrence& recurrence) {
    const std::string unit(to_text(recurrence.interval));
    if (recurrence.count == 1) return "every " + unit;
    return "every " + std::to_string(recurrence.count) + " " + unit + "s";
}

template <class P>
std::string price_name(const P& price) {
    return "price " + std::string(to_text(price.amount.currency())) + " " +
           recurrence_text(price.recurrence);
}

std::string allowance_text(const Allowance& allowance) {
    const std::string text = allowance.included.text() + " included, then ";
    switch (allowance.overage) {
        case OveragePolicy::Block: return text + "blocked";
        case OveragePolicy::Allow: return text + "allowed";
        case OveragePolicy::Bill: break;
    }
    const std::string billed = text + allowance.overage_unit_price->text() + " each";
    if (!allowance.overage_cap) return billed;
    return billed + " up to " + allowance.overage_cap->text();
}

/// "api_calls", or "api_calls by day".
std::string allowance_name(const Allowance& allowance) {
    if (allowance.reset == Reset{}) return allowance.meter_key;
    return allowance.meter_key + " by " + to_text(allowance.reset);
}

/// Texts that may hold anything, so that no two lists read alike.
std::string quoted_list(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) {
        list += list.empty() ? "\"" : ", \"";
        for (const char c : text) {
            if (c == '"' || c == '\\') list += '\\';
            list += c;
        }
        list += '"';
    }
    return list;
}

std::string measured_text(const Meter& meter) {
    const std::string text(to_text(meter.aggregation));
    if (meter.aggregation == Meter::Aggregation::Count) return text + " of " + meter.event_type;
    const bool is_usual = meter.property == Meter().property;
    return text + " of " + (is_usual ? "" : quoted_list({meter.property}) + " of ") +
           meter.event_type;
}

void add_meters(Facts& facts, const std::vector<Meter>& meters) {
    for (const Meter& meter : meters) {
        const std::string name = "meter " + meter.key;
        facts[name] = measured_text(meter);
        facts[name + ": name"] = meter.name;
        facts[name + ": unit"] = meter.unit;
        for (const PropertyFilter& filter : meter.filter)
            facts[name + ": filter " + quoted_list({filter.property})] = quoted_list(filter.any_of);
        if (!meter.group_by.empty()) facts[name + ": group_by"] = quoted_list(meter.group_by);
    }
}

/// The facts of one plan; P is PlanVersion or FilePlan.
template <class P>
void add_plan(Facts& facts, const P& plan) {
    const std::string name = "plan " + plan.key;
    facts[name] = "rank " + std::to_string(plan.rank);
    facts[name + ": name"] = plan.name;
    if (plan.is_default) facts[name + ": default"] = "yes";
    if (plan.custom_price) facts[name + ": price"] = "custom";
    if (!plan.description.empty()) facts[name + ": description"] = quoted_list({plan.description});
    if (plan.trial_days_max != kTrialDaysMaxDefault)
        facts[name + ": trial_days_max"] = std::to_string(plan.trial_days_max);
    for (const auto& price : plan.prices)
        facts[name + ": " + price_name(price)] = price.amount.text();
    for (const Allowance& allowance : plan.allowances)
        facts[name + ": " + allowance_name(allowance)] = allowance_text(allowance);
    for (const PlanFeature& feature : plan.features)
        facts[name + ": feature " + feature.key] = quoted_list({to_text(feature.value)});
}

void add_features(Facts& facts, const std::vector<Feature>& features) {
    for (const Feature& feature : features) {
        const std::string name = "feature " + feature.key;
        facts[name] = to_text(feature.kind);
        facts[name + ": name"] = feature.name;
    }
}

void add_routes(Facts& facts, const std::vector<RouteCost>& routes) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const RouteCost& route = routes[i];
        const std::string name = "route " + route.method + " " + route.pattern;
        facts[name] = std::to_string(route.units) + " of " + route.meter_key + ", row " +
                      std::to_string(i + 1);
        if (route.on_failure) facts[name + ": on_failure"] = to_text(*route.on_failure);
    }
}

void add_guards(Facts& facts, const Guards& guards) {
    std::size_t row = 0;
    for (const RouteGuard& guard : guards.routes) {
        const std::string name = "guard " + guard_name(guard);
        facts[name] = (guard.feature_key.empty() ? "no feature" : guard.feature_key) + ", row " +
                      std::to_string(++row);
        if (guard.rate_limit) facts[name + ": rate_limit"] = to_text(*guard.rate_limit);
    }
    for (const FeatureRate& one : guards.rates)
        facts["feature " + one.feature_key + ": rate_limit"] = to_text(one.rate_limit);
}

/// What files of this catalog have stated: not what was made over the API.
Catalog stated_by_file(const Catalog& everything, const std::string& catalog) {
    Catalog stated = everything;
    const auto is_elsewhere = [&](const auto& one) { return one.catalog != catalog; };
    const auto is_not_of_files = [&](const auto& one) {
        return is_elsewhere(one) || one.origin != Origin::File;
    };
    std::erase_if(stated.plans, is_not_of_files);
    std::erase_if(stated.features, is_not_of_files);
    std::erase_if(stated.meters, is_elsewhere);
    std::erase_if(stated.route_costs, is_elsewhere);
    return stated;
}

void compare(const Facts& stored, const Facts& wanted, std::vector<CatalogDifference>& found) {
    using enum CatalogDifference::Kind;
    for (const auto& [what, value] : stored) {
        const auto now = wanted.find(what);
        if (now == wanted.end())
            found.push_back({Removed, what, value, ""});
        else if (now->second != value)
            found.push_back({Changed, what, value, now->second});
    }
    for (const auto& [what, value] : wanted)
        if (!stored.contains(what)) found.push_back({Added, what, "", value});
}

}  // namespace

std::string to_text(const CatalogDifference& difference) {
    switch (difference.kind) {
        case CatalogDifference::Kind::Added: return "+ " + difference.what + ": " + difference.to;
        case CatalogDifference::Kind::Removed:
            return "- " + difference.what + ": " + difference.from;
        case CatalogDifference::Kind::Changed: break;
    }
    return "~ " + difference.what + ": " + difference.from + " -> " + difference.to;
}

std::vector<CatalogDifference> plan_diff(const Catalog& everything, const CatalogFile& file) {
    const Catalog stored = stated_by_file(everything, file.catalog);
    std::vector<CatalogDifference> found;
    Facts before, after;
    add_features(before, stored.features);
    add_features(after, file.features);
    compare(before, after, found);

    before.clear();
    after.clear();
    add_meters(before, stored.meters);
    add_meters(after, file.meters);
    compare(before, after, found);

    before.clear();
    after.clear();
    for (const PlanVersion& plan : stored.plans) add_plan(before, plan);
    for (const FilePlan& plan : file.plans) add_plan(after, plan);
    compare(before, after, found);

    before.clear();
    after.clear();
    add_routes(before, stored.route_costs);
    add_routes(after, file.route_costs);
    compare(before, after, found);
    return found;
}

std::vector<CatalogDifference> guard_diff(const Guards& everything, const CatalogFile& file) {
    Guards stored = everything;
    const auto is_elsewhere = [&](const auto& one) { return one.catalog != file.catalog; };
    std::erase_if(stored.routes, is_elsewhere);
    std::erase_if(stored.rates, is_elsewhere);
    std::vector<CatalogDifference> found;
    Facts before, after;
    add_guards(before, stored);
    add_guards(after, file.guards);
    compare(before, after, found);
    return found;
}

std::string plan_content(const FilePlan& plan) {
    Facts facts;
    for (const FilePrice& price : plan.prices) facts[price_name(price)] = price.amount.text();
    for (const Allowance& allowance : plan.allowances)
        facts["allowance " + allowance_name(allowance)] = allowance_text(allowance);
    for (const PlanFeature& feature : plan.features)
        facts["feature " + feature.key] = quoted_list({to_text(feature.value)});
    if (plan.custom_price) facts["price"] = "custom";
    std::string text;
    for (const auto& [what, value] : facts)
        text.append(what).append("=").append(value).append("\n");
    return text;
}

}  // namespace turnpike
