#include "sandbox/retention.h"

#include <string>

namespace turnpike::twin {
namespace {

constexpr std::string_view kNext = R"sql(
    SELECT seq, created_at FROM deliveries WHERE seq > $1 ORDER BY seq LIMIT $2
)sql";

// One that waited long for its endpoint is as old as its last try.
constexpr std::string_view kForgotten = R"sql(
    FROM deliveries
     WHERE seq > $1 AND seq <= $2 AND state <> 'pending' AND created_at < $3 AND next_try_at < $3
)sql";

}  // namespace

std::optional<std::int64_t> next_step_end(sql::Transaction& tx, std::string_view next,
                                          std::int64_t place, Instant before) {
    const auto rows = tx.all(next, {place, kPruneStep});
    if (rows.empty() || rows.front().instant(1) >= before) return std::nullopt;
    return rows.back().integer(0);
}

bool prune_deliveries(sql::Transaction& tx, Instant now, PruneWalk& walk,
                      std::span<const std::string_view> belongings) {
    const auto before = now - kRetention;
    const auto end = next_step_end(tx, kNext, walk.deliveries, before);
    if (!end) return false;
    const std::string forgotten(kForgotten);
    for (const auto table : belongings)
        tx.run("DELETE FROM " + std::string(table) + " WHERE delivery IN (SELECT id " + forgotten +
                   ")",
               {walk.deliveries, *end, before});
    tx.run("DELETE " + forgotten, {walk.deliveries, *end, before});
    walk.deliveries = *end;
    return true;
}

}  // namespace turnpike::twin
