#include "app/ledger_check.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "metering/counter.h"
#include "rating/overage.h"

namespace turnpike {
namespace {

using Problems = std::vector<std::string>;

constexpr std::string_view kCounters = R"sql(
    SELECT c.customer_id, c.meter_key, c.period_start, c.used,
           (SELECT COALESCE(SUM(e.quantity), 0) FROM usage_events e
             WHERE e.customer_id = c.customer_id AND e.subscription_id = c.subscription_id
               AND e.meter_key = c.meter_key AND e.reset = c.reset
               AND e.period_start = c.period_start)
         + (SELECT COALESCE(SUM(m.quantity), 0) FROM usage_events e
              JOIN usage_event_counts m ON m.usage_event_id = e.id
             WHERE e.customer_id = c.customer_id AND e.subscription_id = c.subscription_id
               AND m.meter_key = c.meter_key AND m.reset = c.reset
               AND m.period_start = c.period_start)
         + (SELECT COALESCE(SUM(x.change), 0) FROM usage_events e
              JOIN usage_correction_counts x ON x.correction_id = e.id
             WHERE e.customer_id = c.customer_id AND e.subscription_id = c.subscription_id
               AND x.meter_key = c.meter_key AND x.reset = c.reset
               AND x.period_start = c.period_start)
      FROM usage_counters c
     WHERE c.aggregation IN ('sum', 'count') AND c.reset NOT LIKE 'rolling%'
)sql";

constexpr std::string_view kCharges = R"sql(
    SELECT MIN(c.id), s.customer_id, c.subscription_id, c.meter_key, c.period_start, c.segment,
           CAST(SUM(c.quantity) AS BIGINT)
      FROM overage_charges c JOIN subscriptions s ON s.id = c.subscription_id
     GROUP BY s.customer_id, c.subscription_id, c.meter_key, c.period_start, c.segment
     ORDER BY MIN(c.id)
)sql";

Problems broken_pages(sql::Transaction& tx) {
    Problems problems;
    for (const auto& row : tx.all("PRAGMA integrity_check"))
        if (row.text(0) != "ok") problems.push_back(row.text(0));
    return problems;
}

Problems broken_references(sql::Transaction& tx) {
    Problems problems;
    for (const auto& row : tx.all("PRAGMA foreign_key_check"))
        problems.push_back(fmt::format("a row of {} refers to one that {} does not have",
                                       row.text(0), row.text(2)));
    return problems;
}

Problems wrong_counters(sql::Transaction& tx) {
    Problems problems;
    for (const auto& row : tx.all(kCounters))
        if (row.quantity(3) != row.quantity(4))
            problems.push_back(fmt::format(
                "usage_counters of {}, {}, from {} us on: {} millionths, and its events have {}",
                row.text(0), row.text(1), row.integer(2), row.integer(3), row.integer(4)));
    return problems;
}

/// A period's charges, its adjustments with them, were made of its final counters.
Problems wrong_charges(sql::Transaction& tx, const UsageState& usage) {
    Problems problems;
    for (const auto& row : tx.all(kCharges)) {
        const auto counter = usage.counter({row.text(1), row.text(2)}, row.text(3), row.instant(4));
        const auto segment = static_cast<std::size_t>(row.integer(5));
        Quantity overage;
        if (counter && segment < counter->segments.size())
            overage = cover(rated_segments(*counter))[segment].overage;
        if (overage != row.quantity(6))
            problems.push_back(fmt::format(
                "charge {} and its adjustments are for {} millionths of {}, and the usage "
                "log has {}",
                row.text(0), row.integer(6), row.text(3), overage.scaled()));
    }
    return problems;
}

}  // namespace

Problems ledger_problems(sql::Database& ledger, const std::optional<UsageState>& usage) {
    return ledger.read_blocking([&](sql::Transaction& tx) {
        Problems all = broken_pages(tx);
        if (!all.empty()) return all;  // what a broken file says of itself means nothing
        std::ranges::move(broken_references(tx), std::back_inserter(all));
        std::ranges::move(wrong_counters(tx), std::back_inserter(all));
        if (usage) std::ranges::move(wrong_charges(tx, *usage), std::back_inserter(all));
        return all;
    });
}

}  // namespace turnpike
