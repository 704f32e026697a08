#include "catalog/catalog_file.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/decimal.h"

namespace turnpike {
namespace {

constexpr std::size_t kRowsMax = 1'000;
constexpr std::size_t kTextMax = 255;

/// Every complaint of one file, in the order of the file's lines.
class Complaints {
public:
    void add(const toml::node& where, std::string code, std::string detail) {
        const auto line = where.source().begin.line;
        found_.push_back({{line, found_.size()},
                          {fmt::format("line {}", line), std::move(code), std::move(detail)}});
    }
    [[nodiscard]] bool empty() const { return found_.empty(); }
    std::vector<FieldError> take() {
        std::ranges::sort(found_, {}, &Found::position);
        std::vector<FieldError> fields;
        fields.reserve(found_.size());
        for (Found& one : found_) fields.push_back(std::move(one.field));
        return fields;
    }

private:
    struct Found {
        std::pair<toml::source_index, std::size_t> position;  ///< line, then order of arrival
        FieldError field;
    };
    std::vector<Found> found_;
};

bool is_key(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, plain);
}

/// Reads one table, remembers which keys were asked for, and complains about the others.
class TableReader {
public:
    TableReader(const toml::table& table, Complaints& complaints)
        : table_(table), complaints_(complaints) {}

    std::string text(std::string_view name) {
        const toml::node* node = required(name);
        if (node == nullptr) return {};
        const auto* value = node->as_string();
        if (value == nullptr || value->get().empty() || value->get().size() > kTextMax) {
            complain(*node, name, "wrong_type", "must be a text of 1 to 255 bytes");
            return {};
        }
        return value->get();
    }
    std::string key(std::string_view name) {
        std::string found = text(name);
        if (!found.empty() && !is_key(found))
            complain(*table_.get(name), name, "bad_key",
                     "may hold a-z, 0-9, '_' and '-', at most 64 of them");
        return found;
    }
    /// One of the words that `parse` knows; `fallback` after a complaint.
    template <class T>
    T word(std::string_view name, std::optional<T> (*parse)(std::string_view), T fallback) {
        const std::string found = text(name);
        const auto parsed = parse(found);
        if (!parsed && !found.empty())
            complain(*table_.get(name), name, "unknown_value", "'" + found + "' is not known");
        return parsed.value_or(fallback);
    }
    /// A whole number; TOML fractions are refused, they have lost digits before we see them.
    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max) {
        const toml::node* node = required(name);
        if (node == nullptr) return min;
        const auto* value = node->as_integer();
        if (value == nullptr || value->get() < min || value->get() > max) {
            complain(*node, name, "out_of_range",
                     fmt::format("must be a whole number from {} to {}", min, max));
            return min;
        }
        return value->get();
    }
    /// A decimal text, not negative.
    template <class T>
    T decimal(std::string_view name, T max) {
        const std::string found = text(name);
        if (found.empty()) return {};
        const auto parsed = T::parse(found);
        if (parsed && *parsed >= T{} && *parsed <= max) return *parsed;
        complain(*table_.get(name), name, "bad_decimal",
                 fmt::format("must be a decimal text from 0 to {}", max.text()));
        return {};
    }
    bool flag(std::string_view name) {
        const toml::node* node = optional(name);
        if (node == nullptr) return false;
        const auto* value = node->as_boolean();
        if (value == nullptr) complain(*node, name, "wrong_type", "must be true or false");
        return value != nullptr && value->get();
    }
    bool has(std::string_view name) { return optional(name) != nullptr; }

    /// Calls `read(TableReader&)` for each table of the array `name`, which may be absent.
    template <class Read>
    void each(std::string_view name, Read read) {
        const toml::node* node = optional(name);
        if (node == nullptr) return;
        const auto* rows = node->as_array();
        if (rows == nullptr || rows->size() > kRowsMax) {
            complain(*node, name, "wrong_type", "must be an array of at most 1000 tables");
            return;
        }
        for (const toml::node& row : *rows) {
            const auto* table = row.as_table();
            if (table == nullptr) {
                complain(row, name, "wrong_type", "must hold tables only");
                continue;
            }
            TableReader reader(*table, complaints_);
            read(reader);
            reader.refuse_unknown();
        }
    }
    void refuse_unknown() {
        for (const auto& [key, node] : table_)
            if (!known_.contains(key.str()))
                complaints_.add(node, "unknown_key", fmt::format("'{}' is not known", key.str()));
    }
    void complain(std::string code, std::string detail) {
        complaints_.add(table_, std::move(code), std::move(detail));
    }

private:
    const toml::node* optional(std::string_view name) {
        known_.insert(std::string(name));
        return table_.get(name);
    }
    const toml::node* required(std::string_view name) {
        const toml::node* node = optional(name);
        if (node == nullptr)
            complaints_.add(table_, "required", fmt::format("'{}' is missing", name));
        return node;
    }
    void complain(const toml::node& node, std::string_view name, std::string code,
                  const std::string& detail) {
        complaints_.add(node, std::move(code), fmt::format("'{}' {}", name, detail));
    }

    const toml::table& table_;
    Complaints& complaints_;
    std::set<std::string, std::less<>> known_;
};

std::optional<OveragePolicy> parse_overage(std::string_view text) {
    if (text == "block") return OveragePolicy::Block;
    if (text == "bill") return OveragePolicy::Bill;
    return std::nullopt;
}

std::optional<Meter::Aggregation> parse_aggregation(std::string_view text) {
    if (text == "sum") return Meter::Aggregation::Sum;
    if (text == "count") return Meter::Aggregation::Count;
    return std::nullopt;
}

Meter read_meter(TableReader& row) {
    return {.key = row.key("key"),
            .name = row.text("name"),
            .unit = row.text("unit"),
            .event_type = row.text("event_type"),
            .aggregation = row.word("aggregation", parse_aggregation, Meter::Aggregation::Sum)};
}

FilePrice read_price(TableReader& row) {
    const Currency currency = row.word("currency", parse_currency, Currency::Usd);
    const Interval interval = row.word("interval", parse_interval, Interval::Month);
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
    return {{interval, count}, Money(good ? *minor : 0, currency)};
}

Allowance read_allowance(TableReader& row) {
    Allowance allowance{
        .meter_key = row.key("meter"),
        .included = row.decimal("included", kMaxQuantity),
        .overage = row.word("overage", parse_overage, OveragePolicy::Block),
        .overage_unit_price = std::nullopt,
    };
    const bool billed = allowance.overage == OveragePolicy::Bill;
    if (billed)
        allowance.overage_unit_price =
            row.decimal("overage_unit_price", UnitPrice::whole(1'000'000'000));
    else if (row.has("overage_unit_price"))
        row.complain("overage_is_blocked", "'overage_unit_price' needs overage = \"bill\"");
    return allowance;
}

FilePlan read_plan(TableReader& row) {
    FilePlan plan{.key = row.key("key"),
                  .name = row.text("name"),
                  .rank = static_cast<int>(row.integer("rank", 0, 1'000'000)),
                  .is_default = row.flag("default"),
                  .prices = {},
                  .allowances = {}};
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
        const auto same = std::ranges::find(plan.allowances, read.meter_key, &Allowance::meter_key);
        if (same != plan.allowances.end())
            allowance.complain("duplicate", "this meter has an allowance already");
        plan.allowances.push_back(std::move(read));
    });
    if (plan.prices.empty()) row.complain("required", "a plan needs at least one price");
    return plan;
}

bool is_route_pattern(std::string_view pattern) {
    if (!pattern.starts_with('/')) return false;
    const auto wild = pattern.find('*');
    return wild == std::string_view::npos ||
           (pattern.ends_with("/**") && wild == pattern.size() - 2);
}

RouteCost read_route(TableReader& row) {
    RouteCost cost{.method = row.text("method"),
                   .pattern = row.text("pattern"),
                   .meter_key = row.key("meter"),
                   .units = row.integer("units", 0, 1'000'000)};
    constexpr std::string_view kMethods[] = {"*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    if (!cost.method.empty() && std::ranges::find(kMethods, cost.method) == std::end(kMethods))
        row.complain("unknown_value", "'method' must be \"*\" or an HTTP method in upper case");
    if (!cost.pattern.empty() && !is_route_pattern(cost.pattern))
        row.complain("bad_pattern", "'pattern' begins with '/'; '**' may only be its last part");
    return cost;
}

/// Rules that need the whole file.
void check_together(const CatalogFile& file, const toml::table& root, Complaints& complaints) {
    const auto complain = [&](std::string code, std::string detail) {
        complaints.add(root, std::move(code), std::move(detail));
    };
    std::set<std::string_view> meters;
    std::set<std::string_view> event_types;
    for (const Meter& meter : file.meters) {
        if (!meters.insert(meter.key).second)
            complain("duplicate", "meter '" + meter.key + "' is there twice");
        if (!event_types.insert(meter.event_type).second)
            complain("duplicate", "event type '" + meter.event_type + "' feeds two meters");
    }
    std::set<std::string_view> plans;
    std::set<int> ranks;
    for (const FilePlan& plan : file.plans) {
        if (!plans.insert(plan.key).second)
            complain("duplicate", "plan '" + plan.key + "' is there twice");
        if (!ranks.insert(plan.rank).second)
            complain("duplicate", fmt::format("rank {} belongs to two plans", plan.rank));
        for (const Allowance& allowance : plan.allowances)
            if (!meters.contains(allowance.meter_key))
                complain("unknown_meter", "plan '" + plan.key + "' names the meter '" +
                                              allowance.meter_key + "', which is not there");
    }
    if (std::ranges::count(file.plans, true, &FilePlan::is_default) != 1)
        complain("one_default", "exactly one plan must have default = true");
    std::set<std::pair<std::string_view, std::string_view>> routes;
    for (const RouteCost& route : file.route_costs) {
        if (!routes.emplace(route.method, route.pattern).second)
            complain("duplicate",
                     "route " + route.method + " " + route.pattern + " is there twice");
        if (!meters.contains(route.meter_key))
            complain("unknown_meter", "route " + route.pattern + " names the meter '" +
                                          route.meter_key + "', which is not there");
    }
}

std::unexpected<Error> bad_file(std::vector<FieldError> complaints) {
    std::string message = "the catalog file is not right: ";
    for (std::size_t i = 0; i < std::min<std::size_t>(complaints.size(), 3); ++i)
        message += (i == 0 ? "" : "; ") + complaints[i].pointer + ": " + complaints[i].detail;
    if (complaints.size() > 3) message += fmt::format("; and {} more", complaints.size() - 3);
    Error error{ErrorCode::InvalidArgument, "catalog.bad_file", std::move(message)};
    error.fields = std::move(complaints);
    return std::unexpected(std::move(error));
}

}  // namespace

Result<CatalogFile> read_catalog_file(std::string_view toml) {
    toml::table root;
    try {
        root = toml::parse(toml);
    } catch (const toml::parse_error& error) {
        return bad_file({{fmt::format("line {}", error.source().begin.line), "syntax",
                          std::string(error.description())}});
    }

    Complaints complaints;
    CatalogFile file;
    TableReader reader(root, complaints);
    reader.each("meters", [&](TableReader& row) { file.meters.push_back(read_meter(row)); });
    reader.each("plans", [&](TableReader& row) { file.plans.push_back(read_plan(row)); });
    reader.each("routes", [&](TableReader& row) { file.route_costs.push_back(read_route(row)); });
    reader.refuse_unknown();
    if (complaints.empty()) check_together(file, root, complaints);
    if (!complaints.empty()) return bad_file(complaints.take());
    std::ranges::sort(file.plans, {}, &FilePlan::rank);
    return file;
}

}  // namespace turnpike
