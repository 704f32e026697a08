#include "analytics/usage/group_store.h"

#include <functional>
#include <set>
#include <string_view>
#include <tuple>

#include "sql/statement_rows.h"

namespace turnpike {
namespace {

constexpr std::string_view kAdd = R"sql(
    INSERT INTO usage_groups (customer_id, meter_key, starts_at, properties, events, units,
                              millionths)
    VALUES
)sql";
constexpr std::string_view kAddTo = R"sql(
    ON CONFLICT (customer_id, meter_key, starts_at, properties) DO UPDATE
       SET events = usage_groups.events + excluded.events,
           units = usage_groups.units + excluded.units
                 + (usage_groups.millionths + excluded.millionths) / 1000000,
           millionths = (usage_groups.millionths + excluded.millionths) % 1000000
)sql";

constexpr std::string_view kCount = R"sql(
    SELECT COUNT(*) FROM usage_groups
     WHERE customer_id = $1 AND meter_key = $2 AND starts_at = $3
)sql";

constexpr std::string_view kKnown = R"sql(
    SELECT properties FROM usage_groups
     WHERE customer_id = $1 AND meter_key = $2 AND starts_at = $3
)sql";

constexpr std::string_view kLoad = R"sql(
    SELECT properties, SUM(events), SUM(units), SUM(millionths)
      FROM usage_groups
     WHERE customer_id = $1 AND meter_key = $2 AND starts_at >= $3 AND starts_at < $4
     GROUP BY properties
)sql";

/// Customer, where "" is the sum of all; meter; day.
using Slot = std::tuple<std::string_view, std::string_view, Instant>;
using Groups = std::map<std::string_view, GroupFigures>;  // by properties
using Slots = std::map<Slot, Groups>;

Slots slots_of(const UsageGroups& groups) {
    Slots slots;
    for (const auto& [key, figures] : groups)
        for (const std::string_view customer : {std::string_view(key.customer), std::string_view()})
            slots[{customer, key.meter_key, key.day}][key.properties].add(figures);
    return slots;
}

/// Leaves of the groups those that are stored already, and as many more as there is room for.
void leave_room(sql::Transaction& tx, const Slot& slot, Groups& groups) {
    const auto& [customer, meter_key, day] = slot;
    std::set<std::string, std::less<>> known;
    for (const auto& row : tx.all(kKnown, {customer, meter_key, day})) known.insert(row.text(0));
    std::size_t stored = known.size();
    std::erase_if(groups, [&](const auto& group) {
        return !known.contains(group.first) && ++stored > kGroupsMax;
    });
}

void keep_within_room(sql::Transaction& tx, Slots& slots) {
    for (auto& [slot, groups] : slots) {
        const auto& [customer, meter_key, day] = slot;
        const auto stored = tx.one(kCount, {customer, meter_key, day})->integer(0);
        if (static_cast<std::size_t>(stored) + groups.size() > kGroupsMax)
            leave_room(tx, slot, groups);
    }
}

}  // namespace

void add_groups(sql::Transaction& tx, const UsageGroups& groups) {
    Slots slots = slots_of(groups);
    keep_within_room(tx, slots);
    sql::InsertRows rows(tx, kAdd, kAddTo);
    for (const auto& [slot, kept] : slots) {
        const auto& [customer, meter_key, day] = slot;
        for (const auto& [properties, figures] : kept)
            rows.add({customer, meter_key, day, properties, figures.events,
                      figures.quantity.units(), figures.quantity.millionths()});
    }
    rows.finish();
}

std::vector<PropertiesUsage> load_groups(sql::Transaction& tx, const GroupQuery& query) {
    std::vector<PropertiesUsage> groups;
    for (const auto& row :
         tx.all(kLoad, {query.customer, query.meter_key, query.days.start, query.days.end}))
        groups.push_back(
            {row.text(0), {row.integer(1), UsageSum::from_parts(row.integer(2), row.integer(3))}});
    return groups;
}

}  // namespace turnpike
