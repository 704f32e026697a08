#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/id.h"
#include "base/money.h"
#include "catalog/feature.h"
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
    Allow,  ///< further usage is told of, and not charged
};
std::string_view to_text(OveragePolicy policy);  ///< "block"
std::optional<OveragePolicy> parse_overage_policy(std::string_view text);

/// An event counts only when its property has one of these texts.
struct PropertyFilter {
    std::string property;
    std::vector<std::string> any_of;  ///< at least one
    friend bool operator==(const PropertyFilter&, const PropertyFilter&) = default;
};

/// What is counted, and how. Events of `event_type` (CloudEvents' `type`) that pass every filter
/// feed it; several meters may have one type. A property is a member of the event's data.
struct Meter {
    enum class Aggregation : std::uint8_t {
        Sum,
        Count,  ///< events
        Max,
        Min,
        Last,    ///< the value of the latest event
        Unique,  ///< different texts of the property
    };

    std::string key;
    std::string name;
    std::string unit;
    std::string event_type;
    Aggregation aggregation = Aggregation::Sum;
    std::string property = "quantity";     ///< what is measured; not looked at by Count
    std::vector<PropertyFilter> filter{};  ///< in the order of their properties, each once
    std::vector<std::string> group_by{};   ///< properties that are kept with each event; at most 4
    std::string catalog{};                 ///< key of the catalog that states it
    friend bool operator==(const Meter&, const Meter&) = default;
};
std::string_view to_text(Meter::Aggregation aggregation);  ///< "sum"
std::optional<Meter::Aggregation> parse_aggregation(std::string_view text);

/// What a plan includes of one meter, from one reset to the next.
struct Allowance {
    std::string meter_key;
    Quantity included;
    OveragePolicy overage = OveragePolicy::Block;
    std::optional<UnitPrice> overage_unit_price;  ///< set exactly when overage is Bill
    Reset reset{};                                ///< overage is billed by billing period only
    /// The spend cap, in major currency units: usage stops where overage would cost more.
    std::optional<UnitPrice> overage_cap{};
    /// Of the customer's own override that these terms come from, counted by meter; 0: the plan's.
    std::uint32_t override_number = 0;
    friend bool operator==(const Allowance&, const Allowance&) = default;
};

/// The largest amount of a price, in minor units of whichever currency: Stripe takes eight digits.
/// https://docs.stripe.com/api/charges/object#charge_object-amount
inline constexpr std::int64_t kPriceMinorMax = 99'999'999;

struct Price {
    PriceId id;
    Recurrence recurrence;
    Money amount;  ///< per recurrence; not negative
    friend bool operator==(const Price&, const Price&) = default;
};

/// PlanVersion::trial_days_max where nobody said another, and the longest that it may be.
inline constexpr std::int64_t kTrialDaysMaxDefault = 30;
inline constexpr std::int64_t kPlanTrialDaysMax = 730;

/// An immutable version of a plan. What has a plan's name on it is the same in all of its versions.
struct PlanVersion {
    PlanVersionId id;
    PlanId plan;
    std::string key;          ///< the plan's: "pro"; lower case
    std::string name;         ///< the plan's: "PRO"
    int rank = 0;             ///< the plan's: higher is more; orders upgrades and downgrades
    bool is_default = false;  ///< the plan's: what a customer without a subscription has
    int number = 1;
    std::vector<Price> prices;
    std::vector<Allowance> allowances;    ///< those of one meter stand together
    std::vector<PlanFeature> features{};  ///< by their keys; what is not named is absent
    bool custom_price = false;  ///< sold by talking to somebody: it has no price, and is not bought
    std::string catalog{};      ///< the plan's: key of its catalog; a customer buys from one
    std::string description{};  ///< the plan's; "" where nobody wrote any
    Origin origin = Origin::File;  ///< the plan's
    bool is_archived = false;      ///< the plan's: it is not sold; subscribers keep it
    /// The plan's: days of the longest trial that somebody may ask for himself.
    std::int64_t trial_days_max = kTrialDaysMaxDefault;

    /// A meter's allowances, each with another reset; empty: the plan does not include it.
    [[nodiscard]] std::span<const Allowance> allowances_of(std::string_view meter_key) const;
    [[nodiscard]] const Price* price(Currency currency, const Recurrence& recurrence) const;
    /// nullptr: the version does not name it.
    [[nodiscard]] const FeatureValue* feature(std::string_view feature_key) const;
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
    std::string catalog{};                  ///< key of the catalog that states it
    friend bool operator==(const RouteCost&, const RouteCost&) = default;
};

/// "GET /signals/{symbol}", "* /reports/**": what the catalog calls the route by.
std::string route_name(const RouteCost& route);

/// One that is not sold any more, by what people call it.
struct ArchivedPlan {
    PlanId plan;
    std::string catalog, key;
    friend bool operator==(const ArchivedPlan&, const ArchivedPlan&) = default;
};

/// Everything as it is sold now: the newest version of each plan, by catalog and rank. Keys of
/// plans and features are unique in their catalog, those of meters over all of them, and so is
/// which route costs what. An immutable snapshot; older plan versions are loaded by id.
///
/// Where a catalog's key is asked for, "" is the primary one's.
struct Catalog {
    std::vector<PlanVersion> plans;
    std::vector<Meter> meters;
    std::vector<RouteCost> route_costs;
    std::vector<std::string> keys{};       ///< of the catalogs; first the primary one, for ever
    std::vector<Feature> features{};       ///< by catalog and key; without the meters
    std::vector<ArchivedPlan> archived{};  ///< by catalog and key

    [[nodiscard]] std::string_view primary() const;
    [[nodiscard]] bool has(std::string_view catalog_key) const;
    [[nodiscard]] const PlanVersion* plan(std::string_view catalog_key, std::string_view key) const;
    /// By its name over the whole server: see QualifiedName.
    [[nodiscard]] const PlanVersion* plan(std::string_view qualified_name) const;
    /// The name by which plan() finds it.
    [[nodiscard]] std::string name_of(const PlanVersion& plan) const;
    [[nodiscard]] const PlanVersion& default_plan(std::string_view catalog_key = {}) const;
    [[nodiscard]] const Feature* feature(std::string_view catalog_key, std::string_view key) const;
    [[nodiscard]] const Meter* meter(std::string_view key) const;
    /// The first row that matches; nullptr: the route is free and not metered.
    [[nodiscard]] const RouteCost* route_cost(std::string_view method, std::string_view path) const;
    /// The next plan up by rank in the same catalog; for upgrade hints. nullptr at the top.
    [[nodiscard]] const PlanVersion* next_above(const PlanVersion& plan) const;
    friend bool operator==(const Catalog&, const Catalog&) = default;
};

}  // namespace turnpike
