#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analytics/usage/usage_sum.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// What usage with group-by properties is counted apart by.
struct GroupKey {
    std::string customer;  ///< id
    std::string meter_key;
    Instant day;             ///< its start
    std::string properties;  ///< UsageEvent::properties, not ""
    friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};
struct GroupFigures {
    std::int64_t events = 0;
    UsageSum quantity;

    void add(const GroupFigures& other) {
        events += other.events;
        quantity = quantity + other.quantity;
    }
};
using UsageGroups = std::map<GroupKey, GroupFigures>;

/// Different properties that are kept of one customer and meter a day, and of all customers
/// together. What comes later is in the sums of usage (rollup_store.h), and in no group.
inline constexpr std::size_t kGroupsMax = 1'000;

/// Adds to the days, and to the sums of all customers.
void add_groups(sql::Transaction& tx, const UsageGroups& groups);

/// Rows of one meter.
struct GroupQuery {
    std::string customer;  ///< "": the sum of all
    std::string meter_key;
    Period days;  ///< begins and ends with a day
};
struct PropertiesUsage {
    std::string properties;
    GroupFigures figures;
};
/// One for each properties with usage, in any order.
std::vector<PropertiesUsage> load_groups(sql::Transaction& tx, const GroupQuery& query);

}  // namespace turnpike
