#include "metering/stored_counter.h"

#include <utility>

namespace turnpike {
namespace {

constexpr std::string_view kCounter = R"sql(
    SELECT period_end, used, hard_limit FROM usage_counters
     WHERE customer_id = $1 AND meter_key = $2 AND period_start = $3 AND subscription_id = $4
)sql";

constexpr std::string_view kSegments = R"sql(
    SELECT plan_version_id, from_used, included, overage_unit_price FROM usage_segments
     WHERE customer_id = $1 AND meter_key = $2 AND period_start = $3 AND subscription_id = $4
     ORDER BY number
)sql";

constexpr std::string_view kCounters = R"sql(
    SELECT meter_key, period_start FROM usage_counters
     WHERE customer_id = $1 AND subscription_id = $2 AND period_start >= $3 AND period_start < $4
     ORDER BY period_start, meter_key
)sql";

constexpr std::string_view kFence = R"sql(
    UPDATE usage_counters SET used = used
     WHERE customer_id = $1 AND subscription_id = $2 AND period_start >= $3 AND period_start < $4
)sql";

CounterSegment segment_from(const sql::Row& row) {
    CounterSegment segment{row.id<PlanVersionId>(0), row.quantity(1), row.quantity(2), {}};
    if (!row.is_null(3)) segment.overage_unit_price = row.unit_price(3);
    return segment;
}

}  // namespace

std::optional<Counter> load_counter(sql::Transaction& tx, const CustomerId& customer,
                                    const Contract& contract, const std::string& meter_key,
                                    Instant period_start) {
    const std::string_view name = text_of(contract);
    const auto row = tx.one(kCounter, {customer, meter_key, period_start, name});
    if (!row) return std::nullopt;
    Counter counter{.contract = contract,
                    .meter_key = meter_key,
                    .period = {period_start, row->instant(0)},
                    .used = row->quantity(1)};
    if (!row->is_null(2)) counter.hard_limit = row->quantity(2);
    for (const auto& segment : tx.all(kSegments, {customer, meter_key, period_start, name}))
        counter.segments.push_back(segment_from(segment));
    return counter;
}

std::vector<Counter> load_counters(sql::Transaction& tx, const CounterRange& range) {
    std::vector<Counter> counters;
    for (const auto& row :
         tx.all(kCounters, {range.customer, text_of(range.contract), range.from, range.before})) {
        auto counter =
            load_counter(tx, range.customer, range.contract, row.text(0), row.instant(1));
        counters.push_back(*std::move(counter));
    }
    return counters;
}

void fence_counters(sql::Transaction& tx, const CounterRange& range) {
    tx.run(kFence, {range.customer, text_of(range.contract), range.from, range.before});
}

}  // namespace turnpike
