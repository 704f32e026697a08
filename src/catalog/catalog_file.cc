#include "catalog/catalog_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/decimal.h"
#include "catalog/table_reader.h"

namespace turnpike {
namespace {

constexpr std::size_t kPropertyBytesMax = 64;
constexpr std::size_t kFiltersMax = 8;
constexpr std::size_t kFilterTextsMax = 32;
constexpr std::size_t kGroupsMax = 4;
constexpr std::size_t kCountsPerEventMax = 64;  ///< what stores of usage take
constexpr UnitPrice kPriceMax = UnitPrice::whole(1'000'000'000);

constexpr std::string_view kAggregations = "sum, count, max, min, last or unique";
constexpr std::string_view kOveragePolicies = "block, bill or allow";
constexpr std::string_view kResets =
    "billing_period, day, week, month, lifetime, rolling_<1 to 744>h or rolling_<1 to 366>d";

bool is_property_name(std::string_view text) {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    return !text.empty() && text.size() <= kPropertyBytesMax &&
           std::ranges::none_of(text, is_control);
}

void check_property(TableReader& row, std::string_view member, std::string_view property) {
    if (!property.empty() && !is_property_name(property))
        row.complain("bad_property",
                     fmt::format("'{}' must name a property of 1 to {} bytes without control "
                                 "characters",
                                 member, kPropertyBytesMax));
}

std::vector<PropertyFilter> read_filter(TableReader& row) {
    std::vector<PropertyFilter> filter;
    row.inner("filter", [&](TableReader& properties) {
        const auto names = properties.names();
        if (names.empty() || names.size() > kFiltersMax)
            properties.complain("wrong_type",
                                fmt::format("'filter' must have 1 to {} properties", kFiltersMax));
        for (const std::string& name : names) {
            check_property(properties, "filter", name);
            filter.push_back({name, properties.texts(name, kFilterTextsMax)});
        }
    });
    std::ranges::sort(filter, {}, &PropertyFilter::property);
    return filter;
}

Meter read_meter(TableReader& row) {
    using enum Meter::Aggregation;
    Meter meter{.key = row.key("key"),
                .name = row.free_text("name"),
                .unit = row.free_text("unit"),
                .event_type = row.text("event_type"),
                .aggregation = row.word("aggregation", parse_aggregation, Sum, kAggregations)};
    if (row.has("property") || meter.aggregation == Unique) meter.property = row.text("property");
    if (row.has("property") && meter.aggregation == Count)
        row.complain_of("property", "nothing_measured", "means nothing where events are counted");
    check_property(row, "property", meter.property);
    meter.filter = read_filter(row);
    meter.group_by = row.texts("group_by", kGroupsMax);
    for (const std::string& property : meter.group_by) check_property(row, "group_by", property);
    return meter;
}

FilePrice read_price(TableReader& row) {
    const Currency currency =
        row.word("currency", parse_currency, Currency::Usd, "a currency that is supported");
    const Interval interval =
        row.word("interval", parse_interval, Interval::Month, "day, week, month or year");
    const int count =
        row.has("interval_count") ? static_cast<int>(row.integer("interval_count", 1, 36)) : 1;
    const std::string text = row.text("amount");
    const auto minor = parse_scaled(text, exponent_of(currency));
    const bool good = minor && *minor >= 0 && *minor <= Money::kMaxMinor;
    if (!text.empty() && !good)
        row.complain("bad_amount",
                     fmt::format("'amount' must be a decimal text with at most {} fraction digits, "
                                 "not negative",
                                 exponent_of(currency)));
    const Money amount(good ? *minor : 0, currency);
    if (good && *minor > kPriceMinorMax)
        row.complain("bad_amount", fmt::format("'amount' must be at most {} in the currency's "
                                               "smallest unit: no provider charges more",
                                               kPriceMinorMax));
    if (!can_be_charged(amount))
        row.complain("bad_amount",
                     "'amount' must end with 0: the last of three decimals cannot be "
                     "charged");
    return {{interval, count}, amount};
}

/// What overage is billed at, and up to which amount.
void read_overage(TableReader& row, Allowance& allowance) {
    const bool is_billed = allowance.overage == OveragePolicy::Bill;
    if (is_billed)
        allowance.overage_unit_price = row.decimal("overage_unit_price", kPriceMax);
    else if (row.has("overage_unit_price"))
        row.complain("overage_is_not_billed", "'overage_unit_price' needs overage = \"bill\"");
    if (!row.has("overage_cap")) return;
    if (is_billed)
        allowance.overage_cap = row.decimal("overage_cap", kPriceMax);
    else
        row.complain("overage_is_not_billed", "'overage_cap' needs overage = \"bill\"");
}

Allowance read_allowance(TableReader& row) {
    Allowance allowance{
        .meter_key = row.key("meter"),
        .included = row.decimal("included", kMaxQuantity),
        .overage =
            row.word("overage", parse_overage_policy, OveragePolicy::Block, kOveragePolicies),
        .overage_unit_price = std::nullopt,
    };
    if (row.has("reset")) allowance.reset = row.word("reset", parse_reset, Reset{}, kResets);
    read_overage(row, allowance);
    if (allowance.overage == OveragePolicy::Bill &&
        allowance.reset.kind != Reset::Kind::BillingPeriod)
        row.complain("overage_needs_billing_period",
                     "overage can be billed only with reset = \"billing_period\"");
    return allowance;
}

std::optional<UseRate> read_rate(TableReader& row) {
    if (!row.has("rate_limit")) return std::nullopt;
    return row.word("rate_limit", parse_use_rate, UseRate{},
                    "\"<number>/<second, minute, hour or day>\"");
}

Feature read_feature(TableReader& row, const std::string& catalog) {
    Feature feature{.catalog = catalog,
                    .key = row.key("key"),
                    .name = row.free_text("name"),
                    .kind = row.word("kind", parse_feature_kind, FeatureKind::Boolean,
                                     "boolean, configuration or capacity")};
    if (feature.kind == FeatureKind::Metered)
        row.complain_of("kind", "metered_feature",
                        "is not for features: what is metered is one of [[meters]]");
    return feature;
}

/// The value as a file may write it; texts and whole numbers are both read as texts.
std::optional<FeatureValue> value_from(FeatureKind kind, const TableReader::Scalar& written) {
    if (const auto* on = std::get_if<bool>(&written))
        return kind == FeatureKind::Boolean ? std::optional<FeatureValue>(*on) : std::nullopt;
    if (kind == FeatureKind::Boolean) return std::nullopt;
    if (const auto* number = std::get_if<std::int64_t>(&written))
        return parse_feature_value(kind, std::to_string(*number));
    if (const auto* text = std::get_if<std::string>(&written))
        return parse_feature_value(kind, *text);
    return std::nullopt;
}

std::string_view form_of(FeatureKind kind) {
    switch (kind) {
        case FeatureKind::Boolean: return "true or false";
        case FeatureKind::Configuration: return "a text of 1 to 255 bytes";
        case FeatureKind::Capacity: return "a whole number from 0 to 1000000000, or \"unlimited\"";
        case FeatureKind::Metered: break;
    }
    return "an allowance";
}

/// { csv_export = true, projects = 10 }
std::vector<PlanFeature> read_features(TableReader& row, const std::vector<Feature>& known) {
    std::vector<PlanFeature> features;
    row.inner("features", [&](TableReader& values) {
        for (const std::string& key : values.names()) {
            const auto feature = std::ranges::find(known, key, &Feature::key);
            if (feature == known.end() || feature->kind == FeatureKind::Metered) {
                values.complain_of(key, "unknown_feature", "is no feature of this catalog");
                continue;
            }
            const auto value = value_from(feature->kind, values.scalar(key));
            if (value)
                features.push_back({key, *value});
            else
                values.complain_of(key, "bad_value",
                                   fmt::format("is a {} feature: {}", to_text(feature->kind),
                                               form_of(feature->kind)));
        }
    });
    std::ranges::sort(features, {}, &PlanFeature::key);
    return features;
}

/// Where the members stand that are compared across the file.
struct AllowanceLines {
    FileLine meter, reset;
};
struct PlanLines {
    FileLine key, rank, is_default;
    std::vector<AllowanceLines> allowances;
};
struct RouteLines {
    FileLine pattern, meter;
};
struct FileLines {
    std::vector<FileLine> meters, features;  ///< of their keys
    std::vector<PlanLines> plans;
    std::vector<RouteLines> routes;
    std::vector<FileLine> guards;  ///< of their patterns
};

FilePlan read_plan(TableReader& row, const std::vector<Feature>& features, PlanLines& lines) {
    lines = {row.line("key"), row.line("rank"), row.line("default"), {}};
    FilePlan plan{.key = row.key("key"),
                  .name = row.free_text("name"),
                  .rank = static_cast<int>(row.integer("rank", 0, 1'000'000)),
                  .is_default = row.flag("default"),
                  .prices = {},
                  .allowances = {},
                  .features = read_features(row, features),
                  .custom_price = row.flag("custom_price"),
                  .description = row.has("description") ? row.free_text("description") : ""};
    if (row.has("trial_days_max"))
        plan.trial_days_max = row.integer("trial_days_max", 0, kPlanTrialDaysMax);
    row.each("prices", [&](TableReader& price) {
        FilePrice read = read_price(price);
        const auto same = [&](const FilePrice& other) {
            return other.recurrence == read.recurrence &&
                   other.amount.currency() == read.amount.currency();
        };
        if (std::ranges::any_of(plan.prices, same))
            price.complain("duplicate", "this currency and interval has a price already");
        plan.prices.push_back(read);
    });
    row.each("allowances", [&](TableReader& allowance) {
        Allowance read = read_allowance(allowance);
        const auto same = [&](const Allowance& other) {
            return other.meter_key == read.meter_key && other.reset == read.reset;
        };
        if (std::ranges::any_of(plan.allowances, same))
            allowance.complain("duplicate", "this meter has an allowance with this reset already");
        plan.allowances.push_back(std::move(read));
        lines.allowances.push_back({allowance.line("meter"), allowance.line("reset")});
    });
    if (plan.prices.empty() && !plan.custom_price)
        row.complain("required", "a plan needs at least one price, or custom_price = true");
    if (!plan.prices.empty() && plan.custom_price)
        row.complain("custom_price", "a plan with custom_price = true has no prices");
    if (plan.is_default && plan.custom_price)
        row.complain("custom_price", "nobody talks to sales about the default plan");
    return plan;
}

/// "{symbol}", or text without braces.
bool is_route_segment(std::string_view segment) {
    const bool is_part = segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
    if (is_part) segment = segment.substr(1, segment.size() - 2);
    return !segment.contains('{') && !segment.contains('}');
}

bool is_route_pattern(std::string_view pattern) {
    if (!pattern.starts_with('/')) return false;
    const auto star = pattern.find('*');
    const bool has_star = star != std::string_view::npos;
    if (has_star && (!pattern.ends_with("/**") || star != pattern.size() - 2)) return false;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);
        const auto segment = pattern.substr(0, pattern.find('/'));
        if (!is_route_segment(segment)) return false;
        pattern.remove_prefix(segment.size());
    }
    return true;
}

/// Which requests a row is about.
void check_requests(TableReader& row, std::string_view method, std::string_view pattern) {
    constexpr std::string_view kMethods[] = {"*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    if (!method.empty() && std::ranges::find(kMethods, method) == std::end(kMethods))
        row.complain("unknown_value", "'method' must be \"*\" or an HTTP method in upper case");
    if (!pattern.empty() && !is_route_pattern(pattern))
        row.complain("bad_pattern",
                     "'pattern' begins with '/'; '**' may only be its last part, and braces only "
                     "stand around a whole part: /signals/{symbol}");
}

RouteCost read_route(TableReader& row) {
    RouteCost cost{.method = row.text("method"),
                   .pattern = row.text("pattern"),
                   .meter_key = row.key("meter"),
                   .units = row.integer("units", 0, 1'000'000)};
    if (row.has("on_failure"))
        cost.on_failure =
            row.word("on_failure", parse_on_failure, OnFailure::Closed, "open or closed");
    check_requests(row, cost.method, cost.pattern);
    return cost;
}

RouteGuard read_guard(TableReader& row, const std::vector<Feature>& features) {
    RouteGuard guard{.method = row.text("method"), .pattern = row.text("pattern")};
    if (row.has("feature")) guard.feature_key = row.key("feature");
    guard.rate_limit = read_rate(row);
    check_requests(row, guard.method, guard.pattern);
    const bool is_known =
        std::ranges::find(features, guard.feature_key, &Feature::key) != features.end();
    if (!guard.feature_key.empty() && !is_known)
        row.complain_of("feature", "unknown_feature", "is no feature of this catalog");
    if (guard.feature_key.empty() && !guard.rate_limit)
        row.complain("required", "a guard needs a feature, a rate_limit, or both");
    return guard;
}

/// Says of the second of two equals where the first one stands.
template <class Key>
class FirstLines {
public:
    FirstLines(FileComplaints& complaints, std::string_view code)
        : complaints_(complaints), code_(code) {}

    void add(const Key& key, FileLine line, std::string_view what) {
        const auto [first, is_new] = lines_.emplace(key, line);
        if (!is_new)
            complaints_.add(line, code_, fmt::format("{}, as in line {}", what, first->second));
    }
    [[nodiscard]] bool empty() const { return lines_.empty(); }

private:
    FileComplaints& complaints_;
    std::string code_;
    std::map<Key, FileLine> lines_;
};

/// Only what adds up can be taken out of a window again, part by part.
bool may_roll(const Meter& meter) {
    using enum Meter::Aggregation;
    return meter.aggregation == Sum || meter.aggregation == Count;
}

void check_allowances(const FilePlan& plan, const PlanLines& lines,
                      const std::vector<Meter>& meters, FileComplaints& complaints) {
    for (std::size_t i = 0; i < plan.allowances.size(); ++i) {
        const Allowance& allowance = plan.allowances[i];
        const auto meter = std::ranges::find(meters, allowance.meter_key, &Meter::key);
        if (meter == meters.end())
            complaints.add(lines.allowances[i].meter, "unknown_meter",
                           fmt::format("there is no meter '{}'", allowance.meter_key));
        else if (allowance.reset.kind == Reset::Kind::Rolling && !may_roll(*meter))
            complaints.add(lines.allowances[i].reset, "rolling_needs_sum_or_count",
                           fmt::format("a rolling window needs a meter of sum or count, and '{}' "
                                       "is {}",
                                       meter->key, to_text(meter->aggregation)));
    }
}

/// One event moves a counter for each allowance of each meter of its type.
void check_counts(const FilePlan& plan, const PlanLines& line, const std::vector<Meter>& meters,
                  FileComplaints& complaints) {
    std::map<std::string_view, std::size_t> counts;
    for (const Allowance& allowance : plan.allowances) {
        const auto meter = std::ranges::find(meters, allowance.meter_key, &Meter::key);
        if (meter == meters.end() || ++counts[meter->event_type] != kCountsPerEventMax + 1)
            continue;
        complaints.add(line.key, "too_many_counts",
                       fmt::format("an event of type '{}' would move more than {} counters of plan "
                                   "'{}'",
                                   meter->event_type, kCountsPerEventMax, plan.key));
    }
}

void check_plans(const CatalogFile& file, const FileLines& lines, FileComplaints& complaints) {
    FirstLines<std::string_view> keys(complaints, "duplicate");
    FirstLines<int> ranks(complaints, "duplicate");
    FirstLines<bool> defaults(complaints, "one_default");
    for (std::size_t i = 0; i < file.plans.size(); ++i) {
        const FilePlan& plan = file.plans[i];
        const PlanLines& line = lines.plans[i];
        keys.add(plan.key, line.key, fmt::format("there is a plan '{}' already", plan.key));
        ranks.add(plan.rank, line.rank,
                  fmt::format("rank {} belongs to a plan already", plan.rank));
        if (plan.is_default)
            defaults.add(true, line.is_default, "exactly one plan must have default = true");
        check_allowances(plan, line, file.meters, complaints);
        check_counts(plan, line, file.meters, complaints);
    }
    if (defaults.empty())
        complaints.add(FileLine{1}, "one_default", "exactly one plan must have default = true");
}

/// A request costs units, which only add up.
void check_route(const RouteCost& route, const RouteLines& line, const std::vector<Meter>& meters,
                 FileComplaints& complaints) {
    using enum Meter::Aggregation;
    const auto meter = std::ranges::find(meters, route.meter_key, &Meter::key);
    if (meter == meters.end())
        complaints.add(line.meter, "unknown_meter",
                       fmt::format("there is no meter '{}'", route.meter_key));
    else if (meter->aggregation != Sum && !(meter->aggregation == Count && route.units <= 1))
        complaints.add(
            line.meter, "route_needs_sum",
            fmt::format("a route needs a meter of sum, or of count and at most one unit, "
                        "and '{}' is {}",
                        meter->key, to_text(meter->aggregation)));
}

/// Rules that need the whole file.
void check_together(const CatalogFile& file, const FileLines& lines, FileComplaints& complaints) {
    FirstLines<std::string_view> meters(complaints, "duplicate");
    for (std::size_t i = 0; i < file.meters.size(); ++i) {
        const std::string& key = file.meters[i].key;
        meters.add(key, lines.meters[i], fmt::format("there is a meter '{}' already", key));
    }
    for (std::size_t i = 0; i < file.features.size(); ++i) {
        const std::string& key = file.features[i].key;
        meters.add(key, lines.features[i],
                   fmt::format("there is a feature or meter '{}' already", key));
    }
    check_plans(file, lines, complaints);
    FirstLines<std::pair<std::string_view, std::string_view>> routes(complaints, "duplicate");
    for (std::size_t i = 0; i < file.route_costs.size(); ++i) {
        const RouteCost& route = file.route_costs[i];
        routes.add({route.method, route.pattern}, lines.routes[i].pattern,
                   fmt::format("there is a route {} {} already", route.method, route.pattern));
        check_route(route, lines.routes[i], file.meters, complaints);
    }
    FirstLines<std::string> guards(complaints, "duplicate");
    for (std::size_t i = 0; i < file.guards.routes.size(); ++i) {
        const std::string name = guard_name(file.guards.routes[i]);
        guards.add(name, lines.guards[i], "there is a guard of " + name + " already");
    }
}

}  // namespace

Result<CatalogFile> read_catalog_file(std::string_view toml, std::string_view name,
                                      std::string_view catalog) {
    FileComplaints complaints;
    toml::table root;
    try {
        root = toml::parse(toml);
    } catch (const toml::parse_error& error) {
        complaints.add(error.source().begin.line, "syntax", std::string(error.description()));
        return std::unexpected(complaints.take(name));
    }

    CatalogFile file;
    FileLines lines;
    TableReader reader(root, complaints);
    file.catalog = reader.has("catalog") ? reader.key("catalog") : catalog;
    reader.each("meters", [&](TableReader& row) {
        file.meters.push_back(read_meter(row));
        file.meters.back().catalog = file.catalog;
        lines.meters.push_back(row.line("key"));
    });
    reader.each("features", [&](TableReader& row) {
        file.features.push_back(read_feature(row, file.catalog));
        if (const auto rate = read_rate(row))
            file.guards.rates.push_back({file.features.back().key, *rate, file.catalog});
        lines.features.push_back(row.line("key"));
    });
    reader.each("plans", [&](TableReader& row) {
        file.plans.push_back(read_plan(row, file.features, lines.plans.emplace_back()));
    });
    reader.each("routes", [&](TableReader& row) {
        file.route_costs.push_back(read_route(row));
        file.route_costs.back().catalog = file.catalog;
        lines.routes.push_back({row.line("pattern"), row.line("meter")});
    });
    reader.each("guards", [&](TableReader& row) {
        file.guards.routes.push_back(read_guard(row, file.features));
        file.guards.routes.back().catalog = file.catalog;
        lines.guards.push_back(row.line("pattern"));
    });
    reader.refuse_unknown();
    if (complaints.empty()) check_together(file, lines, complaints);
    if (!complaints.empty()) return std::unexpected(complaints.take(name));
    std::ranges::sort(file.plans, {}, &FilePlan::rank);
    return file;
}

}  // namespace turnpike
