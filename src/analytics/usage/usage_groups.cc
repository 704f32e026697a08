#include "analytics/usage/usage_groups.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "analytics/usage/rollup_store.h"
#include "analytics/usage/usage_meter.h"
#include "base/check.h"
#include "json/value.h"

namespace turnpike {
namespace {

using Values = std::vector<std::optional<std::string>>;

Values values_of(const std::string& properties, const std::vector<std::string>& by) {
    const auto json = parse_json(properties);
    check(json && json->is_object(), "stored properties are a JSON object");
    Values values;
    for (const std::string& name : by) {
        const auto member = json->find(name);
        if (member == json->end())
            values.emplace_back();
        else
            values.emplace_back(member->get<std::string>());
    }
    return values;
}

std::vector<UsageGroup> groups_by(const std::vector<PropertiesUsage>& stored,
                                  const std::vector<std::string>& by) {
    std::map<Values, GroupFigures> sums;
    for (const auto& [properties, figures] : stored) sums[values_of(properties, by)].add(figures);
    // What has none of them is the rest's.
    sums.erase(Values(by.size()));
    std::vector<UsageGroup> groups;
    for (auto& [values, figures] : sums)
        if (figures.events > 0) groups.push_back({values, figures});  // not all were voided
    std::ranges::sort(groups, [](const UsageGroup& a, const UsageGroup& b) {
        return std::tie(b.figures.quantity, a.values) < std::tie(a.figures.quantity, b.values);
    });
    return groups;
}

GroupFigures total_of(sql::Transaction& tx, const GroupQuery& query) {
    const RollupQuery all{query.customer, query.meter_key, std::nullopt, query.days};
    GroupFigures total;
    for (const UsageSpan& span : load_spans(tx, all, RollupSpan::Day))
        total.add({span.figures.events, span.figures.quantity});
    return total;
}

}  // namespace

Result<UsageGrouping> load_usage_grouping(sql::Transaction& tx, const UsageQuestion& question,
                                          const std::string& customer) {
    const auto meter = load_summed_meter(tx, question.meter_key);
    if (!meter) return failure(meter);
    UsageGrouping grouping{question.by, {}, {}, {}};
    if (grouping.by.empty()) grouping.by = meter->group_by;
    const auto is_known = [&](const std::string& name) {
        return std::ranges::find(meter->group_by, name) != meter->group_by.end();
    };
    if (grouping.by.empty() || !std::ranges::all_of(grouping.by, is_known))
        return invalid_argument("usage_figures.not_grouped",
                                "'" + question.meter_key +
                                    "' is not grouped by that; its `group_by` in the catalog says "
                                    "by what, from then on");
    const GroupQuery query{customer, question.meter_key, question.period()};
    grouping.groups = groups_by(load_groups(tx, query), grouping.by);
    const auto most = static_cast<std::size_t>(question.limit);
    if (grouping.groups.size() > most) grouping.groups.resize(most);
    grouping.rest = grouping.total = total_of(tx, query);
    for (const UsageGroup& group : grouping.groups) {
        grouping.rest.events -= group.figures.events;
        grouping.rest.quantity = grouping.rest.quantity - group.figures.quantity;
    }
    return grouping;
}

}  // namespace turnpike
