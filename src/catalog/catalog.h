#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/id.h"
#include "base/money.h"
#include "catalog/reset.h"

namespace turnpike {

enum class Interval : std::uint8_t { Day, Week, Month, Year };
std::string_view to_text(Interval interval);
std::optional<Interval> parse_interval(std::string_view text);

/// How often a price recurs: "every `count` `interval`s".
struct Recurrence {
    Interval interval = Interval::Month;
    int count = 1;
    friend bool operator==(const Recurrence&, const Recurrence&) = default;
};

/// What happens at the end of an allowance.
enum class OveragePolicy : std::uint8_t {
    Block,  ///< further usage is denied
    Bill,   ///< further usage is charged at the overage unit price
    Allow,  ///< further usage is told, and not charged
};

/// A property of an event that must have one of these values.
struct PropertyFilter {
    std::string property;
    std::vector<std::string> any_of;
    friend bool operator==(const PropertyFilter&, const PropertyFilter&) = default;
};

/// What is counted. `event_type` is the CloudEvents type that feeds it; several meters may have
/// one.
struct Meter {
    std::string key;
    std::string name;
    std::string unit;
    std::string event_type;
    enum class Aggregation : std::uint8_t {
        Sum,
        Count,
        Max,
        Min,
        Last,    ///< the value of the event with the latest time
        Unique,  ///< how many different values
    };
    Aggregation aggregation = Aggregation::Sum;
    std::string property = "quantity";     ///< what is measured; "" for Count
    std::vector<PropertyFilter> filter{};  ///< all of them must match
    std::vector<std::string> group_by{};   ///< properties that are kept with each event
    friend bool operator==(const Meter&, const Meter&) = default;
};

/// What a plan includes of one meter, until it begins anew.
struct Allowance {
    std::string meter_key;
    Quantity included;
    OveragePolicy overage = OveragePolicy::Block;
    std::optional<UnitPrice> overage_unit_price;  ///< set exactly when overage is Bill
    Reset reset{};
    std::optional<UnitPrice> overage_cap{};  ///< what overage may cost; only when it is Bill
    friend bool operator==(const Allowance&, const Allowance&) = default;
};

struct Price {
    PriceId id;
    Recurrence recurrence;
    Money amount;  ///< per recurrence; not negative
    friend bool operator==(const Price&, const Price&) = default;
};

/// An immutable version of a plan. `key`, `name` and `rank` are the plan's.
struct PlanVersion {
    PlanVersionId id;
    PlanId plan;
    std::string key;          ///< "pro"; lower case
    std::string name;         ///< "PRO"
    int rank = 0;             ///< higher is more; orders upgrades and downgrades
    bool is_default = false;  ///< what a customer without a subscription has
    int number = 1;
    std::vector<Price> prices;
    std::vector<Allowance> allowances;

    [[nodiscard]] const Allowance* allowance(std::string_view meter_key) const;
    [[nodiscard]] const Price* price(Currency currency, const Recurrence& recurrence) const;
    friend bool operator==(const PlanVersion&, const PlanVersion&) = default;
};

/// What happens to a request of a metered route while usage can be neither checked nor recorded.
enum class OnFailure : std::uint8_t {
    Open,    ///< it is served, and recorded later
    Closed,  ///< it is refused
};
std::string_view to_text(OnFailure on_failure);  ///< "open"
std::optional<OnFailure> parse_on_failure(std::string_view text);

/// What one request to a metered route costs. `method` is "*" or an HTTP method; `pattern` is
/// "/signals/history/{symbol}", or ends in "/**" for everything below.
struct RouteCost {
    std::string method;
    std::string pattern;
    std::string meter_key;
    std::int64_t units = 0;
    std::optional<OnFailure> on_failure{};  ///< absent: the customer's plan decides
    friend bool operator==(const RouteCost&, const RouteCost&) = default;
};

/// "GET /signals/{symbol}", "* /reports/**": what the catalog calls the route by.
std::string route_name(const RouteCost& route);

/// The catalog as it is sold now: the newest version of each plan in rank order. An immutable
/// snapshot; older plan versions are loaded by id.
struct Catalog {
    std::vector<PlanVersion> plans;
    std::vector<Meter> meters;
    std::vector<RouteCost> route_costs;

    [[nodiscard]] const PlanVersion* plan(std::string_view key) const;
    [[nodiscard]] const PlanVersion& default_plan() const;
    [[nodiscard]] const Meter* meter(std::string_view key) const;
    [[nodiscard]] const Meter* meter_of_event(std::string_view event_type) const;
    /// The first row that matches; nullptr: the route is free and not metered.
    [[nodiscard]] const RouteCost* route_cost(std::string_view method, std::string_view path) const;
    /// The next plan up by rank; for upgrade hints. nullptr at the top.
    [[nodiscard]] const PlanVersion* next_above(int rank) const;
    friend bool operator==(const Catalog&, const Catalog&) = default;
};

}  // namespace turnpike
