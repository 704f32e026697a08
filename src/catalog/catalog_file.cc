#include "catalog/catalog_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/decimal.h"

namespace turnpike {
namespace {

constexpr std::size_t kRowsMax = 1'000;
constexpr std::size_t kTextMax = 255;
/// The message tells so many complaints; `fields` has them all.
constexpr std::size_t kComplaintsTold = 10;

using Line = toml::source_index;

/// Every complaint of one file, in the order of the file's lines.
class Complaints {
public:
    void add(Line line, std::string code, std::string detail) {
        found_.push_back({{line, found_.size()}, std::move(code), std::move(detail)});
    }
    void add(const toml::node& where, std::string code, std::string detail) {
        add(where.source().begin.line, std::move(code), std::move(detail));
    }
    [[nodiscard]] bool empty() const { return found_.empty(); }

    /// "presets/x.toml:31: 'rank' is missing; presets/x.toml:40: ...", and each of them as a field.
    Error take(std::string_view file) {
        std::ranges::sort(found_, {}, &Found::position);
        Error error{ErrorCode::InvalidArgument, "catalog.bad_file", ""};
        for (Found& one : found_) {
            const Line line = one.position.first;
            if (error.fields.size() < kComplaintsTold)
                error.message += fmt::format("{}{}:{}: {}", error.message.empty() ? "" : "; ", file,
                                             line, one.detail);
            error.fields.push_back(
                {fmt::format("line {}", line), std::move(one.code), std::move(one.detail)});
        }
        if (found_.size() > kComplaintsTold)
            error.message += fmt::format("; and {} more", found_.size() - kComplaintsTold);
        return error;
    }

private:
    struct Found {
        std::pair<Line, std::size_t> position;  ///< line, then order of arrival
        std::string code, detail;
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
    /// One of the words that `parse` knows and `known` tells; `fallback` after a complaint.
    template <class T>
    T word(std::string_view name, std::optional<T> (*parse)(std::string_view), T fallback,
           std::string_view known) {
        const std::string found = text(name);
        const auto parsed = parse(found);
        if (!parsed && !found.empty())
            complain(*table_.get(name), name, "unknown_value",
                     fmt::format("must be {}, not '{}'", known, found));
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
    /// Where the member stands, or its table when it is absent.
    [[nodiscard]] Line line(std::string_view name) const {
        const toml::node* node = table_.get(name);
        return (node == nullptr ? table_ : *node).source().begin.line;
    }

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

/// When an allowance starts again; there is one way today.
std::optional<std::monostate> parse_reset(std::string_view text) {
    if (text == "billing_period") return std::monostate{};
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
            .aggregation = row.word("aggregation", parse_aggregation, Meter::Aggregation::Sum,
                                    "sum or count")};
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
    return {{interval, count}, Money(good ? *minor : 0, currency)};
}

Allowance read_allowance(TableReader& row) {
    Allowance allowance{
        .meter_key = row.key("meter"),
        .included = row.decimal("included", kMaxQuantity),
        .overage = row.word("overage", parse_overage, OveragePolicy::Block, "block or bill"),
        .overage_unit_price = std::nullopt,
    };
    if (row.has("reset")) row.word("reset", parse_reset, std::monostate{}, "billing_period");
    const bool billed = allowance.overage == OveragePolicy::Bill;
    if (billed)
        allowance.overage_unit_price =
            row.decimal("overage_unit_price", UnitPrice::whole(1'000'000'000));
    else if (row.has("overage_unit_price"))
        row.complain("overage_is_blocked", "'overage_unit_price' needs overage = \"bill\"");
    return allowance;
}

/// Where the members stand that are compared across the file.
struct MeterLines {
    Line key, event_type;
};
struct PlanLines {
    Line key, rank, is_default;
    std::vector<Line> meters;  ///< of the allowances
};
struct RouteLines {
    Line pattern, meter;
};
struct FileLines {
    std::vector<MeterLines> meters;
    std::vector<PlanLines> plans;
    std::vector<RouteLines> routes;
};

FilePlan read_plan(TableReader& row, PlanLines& lines) {
    lines = {row.line("key"), row.line("rank"), row.line("default"), {}};
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
        lines.meters.push_back(allowance.line("meter"));
    });
    if (plan.prices.empty()) row.complain("required", "a plan needs at least one price");
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

RouteCost read_route(TableReader& row) {
    RouteCost cost{.method = row.text("method"),
                   .pattern = row.text("pattern"),
                   .meter_key = row.key("meter"),
                   .units = row.integer("units", 0, 1'000'000)};
    if (row.has("on_failure"))
        cost.on_failure =
            row.word("on_failure", parse_on_failure, OnFailure::Closed, "open or closed");
    constexpr std::string_view kMethods[] = {"*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    if (!cost.method.empty() && std::ranges::find(kMethods, cost.method) == std::end(kMethods))
        row.complain("unknown_value", "'method' must be \"*\" or an HTTP method in upper case");
    if (!cost.pattern.empty() && !is_route_pattern(cost.pattern))
        row.complain("bad_pattern",
                     "'pattern' begins with '/'; '**' may only be its last part, and braces only "
                     "stand around a whole part: /signals/{symbol}");
    return cost;
}

/// Says of the second of two equals where the first one stands.
template <class Key>
class FirstLines {
public:
    FirstLines(Complaints& complaints, std::string_view code)
        : complaints_(complaints), code_(code) {}

    void add(const Key& key, Line line, std::string_view what) {
        const auto [first, is_new] = lines_.emplace(key, line);
        if (!is_new)
            complaints_.add(line, code_, fmt::format("{}, as in line {}", what, first->second));
    }
    [[nodiscard]] bool empty() const { return lines_.empty(); }
    [[nodiscard]] bool contains(const Key& key) const { return lines_.contains(key); }

private:
    Complaints& complaints_;
    std::string code_;
    std::map<Key, Line> lines_;
};

void check_plans(const CatalogFile& file, const FileLines& lines,
                 const FirstLines<std::string_view>& meters, Complaints& complaints) {
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
        for (std::size_t k = 0; k < plan.allowances.size(); ++k) {
            const auto& meter = plan.allowances[k].meter_key;
            if (!meters.contains(meter))
                complaints.add(line.meters[k], "unknown_meter",
                               fmt::format("there is no meter '{}'", meter));
        }
    }
    if (defaults.empty())
        complaints.add(Line{1}, "one_default", "exactly one plan must have default = true");
}

/// Rules that need the whole file.
void check_together(const CatalogFile& file, const FileLines& lines, Complaints& complaints) {
    FirstLines<std::string_view> meters(complaints, "duplicate");
    FirstLines<std::string_view> event_types(complaints, "duplicate");
    for (std::size_t i = 0; i < file.meters.size(); ++i) {
        const Meter& meter = file.meters[i];
        meters.add(meter.key, lines.meters[i].key,
                   fmt::format("there is a meter '{}' already", meter.key));
        event_types.add(meter.event_type, lines.meters[i].event_type,
                        fmt::format("event type '{}' feeds a meter already", meter.event_type));
    }
    check_plans(file, lines, meters, complaints);
    FirstLines<std::pair<std::string_view, std::string_view>> routes(complaints, "duplicate");
    for (std::size_t i = 0; i < file.route_costs.size(); ++i) {
        const RouteCost& route = file.route_costs[i];
        routes.add({route.method, route.pattern}, lines.routes[i].pattern,
                   fmt::format("there is a route {} {} already", route.method, route.pattern));
        if (!meters.contains(route.meter_key))
            complaints.add(lines.routes[i].meter, "unknown_meter",
                           fmt::format("there is no meter '{}'", route.meter_key));
    }
}

}  // namespace

Result<CatalogFile> read_catalog_file(std::string_view toml, std::string_view name) {
    Complaints complaints;
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
    reader.each("meters", [&](TableReader& row) {
        file.meters.push_back(read_meter(row));
        lines.meters.push_back({row.line("key"), row.line("event_type")});
    });
    reader.each("plans", [&](TableReader& row) {
        file.plans.push_back(read_plan(row, lines.plans.emplace_back()));
    });
    reader.each("routes", [&](TableReader& row) {
        file.route_costs.push_back(read_route(row));
        lines.routes.push_back({row.line("pattern"), row.line("meter")});
    });
    reader.refuse_unknown();
    if (complaints.empty()) check_together(file, lines, complaints);
    if (!complaints.empty()) return std::unexpected(complaints.take(name));
    std::ranges::sort(file.plans, {}, &FilePlan::rank);
    return file;
}

}  // namespace turnpike
