#include "app/ledger/ledger_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

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

// Also what is held in a counter that is not there.
constexpr std::string_view kHeld = R"sql(
    SELECT c.customer_id, c.meter_key, c.period_start, c.held,
           (SELECT COALESCE(SUM(n.quantity), 0)
              FROM usage_holds h JOIN usage_hold_counts n ON n.hold_id = h.id
             WHERE h.status = 'open' AND h.customer_id = c.customer_id
               AND h.subscription_id = c.subscription_id AND h.meter_key = c.meter_key
               AND n.reset = c.reset AND n.period_start = c.period_start)
      FROM usage_counters c
    UNION ALL
    SELECT h.customer_id, h.meter_key, n.period_start, 0, SUM(n.quantity)
      FROM usage_holds h JOIN usage_hold_counts n ON n.hold_id = h.id
     WHERE h.status = 'open'
       AND NOT EXISTS (SELECT 1 FROM usage_counters c
                        WHERE c.customer_id = h.customer_id
                          AND c.subscription_id = h.subscription_id
                          AND c.meter_key = h.meter_key AND c.reset = n.reset
                          AND c.period_start = n.period_start)
     GROUP BY h.customer_id, h.subscription_id, h.meter_key, n.reset, n.period_start
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

Problems wrongly_held(sql::Transaction& tx) {
    Problems problems;
    for (const auto& row : tx.all(kHeld))
        if (row.quantity(3) != row.quantity(4))
            problems.push_back(fmt::format(
                "usage_counters of {}, {}, from {} us on: {} millionths are held, and "
                "its open reservations have {}",
                row.text(0), row.text(1), row.integer(2), row.integer(3), row.integer(4)));
    return problems;
}

}  // namespace

ChargeFindings check_ledger(sql::Database& ledger, const std::optional<LoggedUsage>& usage) {
    return ledger.read_blocking([&](sql::Transaction& tx) {
        Problems all = broken_pages(tx);
        // What a broken file says of itself means nothing.
        if (!all.empty()) return ChargeFindings{.problems = std::move(all)};
        std::ranges::move(broken_references(tx), std::back_inserter(all));
        std::ranges::move(wrong_counters(tx), std::back_inserter(all));
        std::ranges::move(wrongly_held(tx), std::back_inserter(all));
        ChargeFindings findings;
        if (usage) {
            findings = check_charges(tx, usage->state);
            std::ranges::move(usage->rollups.compare(tx, usage->state), std::back_inserter(all));
        }
        std::ranges::move(findings.problems, std::back_inserter(all));
        findings.problems = std::move(all);
        return findings;
    });
}

}  // namespace turnpike
