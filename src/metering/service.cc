#include "metering/service.h"

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

constexpr std::string_view kPeriodsUsed = R"sql(
    SELECT DISTINCT period_start, period_end
      FROM usage_counters
     WHERE customer_id = $1 AND subscription_id = $2 AND period_start < $3
     ORDER BY period_start
)sql";

constexpr std::string_view kMetersUsed = R"sql(
    SELECT meter_key FROM usage_counters
     WHERE customer_id = $1 AND period_start = $2 AND subscription_id = $3
     ORDER BY meter_key
)sql";

constexpr std::string_view kSetLimit = R"sql(
    UPDATE usage_counters SET hard_limit = $5, period_end = $6, plan_version_id = $7
     WHERE customer_id = $1 AND meter_key = $2 AND period_start = $3 AND subscription_id = $4
)sql";

constexpr std::string_view kNextSegment = R"sql(
    INSERT INTO usage_segments (customer_id, meter_key, period_start, subscription_id, number,
                                plan_version_id, from_used, included, overage_unit_price)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
)sql";

// The newest ids are the newest arrivals, to the millisecond.
constexpr std::string_view kEventsOfCustomer = R"sql(
    SELECT id, source, event_id, customer_id, meter_key, quantity, event_time, latency_us,
           received_at, period_start
      FROM usage_events
     WHERE customer_id = $5
       AND received_at >= $1 AND received_at < $2 AND ($3 = '' OR meter_key = $3) AND id < $4
     ORDER BY id DESC
     LIMIT $6
)sql";

constexpr std::string_view kEvents = R"sql(
    SELECT id, source, event_id, customer_id, meter_key, quantity, event_time, latency_us,
           received_at, period_start
      FROM usage_events
     WHERE received_at >= $1 AND received_at < $2 AND ($3 = '' OR meter_key = $3) AND id < $4
     ORDER BY id DESC
     LIMIT $5
)sql";

/// Above every id in any collation: one character longer than the largest.
constexpr std::string_view kAfterEveryId = "ue_ZZZZZZZZZZZZZZZZZZZZZZZZZZZ";

CounterSegment segment_from(const sql::Row& row) {
    CounterSegment segment{row.id<PlanVersionId>(0), row.quantity(1), row.quantity(2), {}};
    if (!row.is_null(3)) segment.overage_unit_price = row.unit_price(3);
    return segment;
}

RecordedEvent event_from(const sql::Row& row) {
    return {.id = row.id<UsageEventId>(0),
            .event = {.source = row.text(1),
                      .id = row.text(2),
                      .customer = row.id<CustomerId>(3),
                      .meter_key = row.text(4),
                      .quantity = row.quantity(5),
                      .time = row.instant(6),
                      .latency_us = row.maybe_integer(7)},
            .received_at = row.instant(8),
            .period_start = row.instant(9)};
}

}  // namespace

std::optional<Counter> load_counter(sql::Transaction& tx, const CustomerId& customer,
                                    const Contract& contract, const std::string& meter_key,
                                    Instant period_start) {
    const std::string_view name = text_of(contract);
    const auto row = tx.one(kCounter, {customer, meter_key, period_start, name});
    if (!row) return std::nullopt;
    Counter counter{contract, {period_start, row->instant(0)}, row->quantity(1), {}, {}};
    if (!row->is_null(2)) counter.hard_limit = row->quantity(2);
    for (const auto& segment : tx.all(kSegments, {customer, meter_key, period_start, name}))
        counter.segments.push_back(segment_from(segment));
    return counter;
}

Result<Usage> load_usage(sql::Transaction& tx, const CustomerId& customer,
                         const std::string& meter_key, const UsageWindow& window,
                         Currency currency) {
    return usage_of(
        under_window(load_counter(tx, customer, window.contract, meter_key, window.period.start),
                     window),
        currency);
}

void change_allowance(sql::Transaction& tx, const CustomerId& customer,
                      const std::string& meter_key, const UsageWindow& window) {
    const Instant start = window.period.start;
    const std::string_view contract = text_of(window.contract);
    auto counter = load_counter(tx, customer, window.contract, meter_key, start);
    if (!counter || counter->segments.back().plan_version == window.plan_version) return;
    const auto number = static_cast<std::int64_t>(counter->segments.size());
    const Counter changed = with_allowance(*std::move(counter), window);
    // On PostgreSQL usage that came between makes this UPDATE fail and the whole job run again.
    tx.run(kSetLimit, {customer, meter_key, start, contract, changed.hard_limit, window.period.end,
                       window.plan_version});
    tx.run(kNextSegment, {customer, meter_key, start, contract, number, window.plan_version,
                          changed.used, window.included, window.overage_unit_price});
}

void change_allowances(sql::Transaction& tx, const SubscribedPeriod& in, const PlanVersion& plan) {
    for (const auto& row : tx.all(kMetersUsed, {in.customer, in.period.start, in.subscription})) {
        const std::string& meter_key = row.text(0);
        const Allowance none{.meter_key = meter_key,
                             .included = Quantity{},
                             .overage = OveragePolicy::Block,
                             .overage_unit_price = std::nullopt};
        const Allowance* allowance = plan.allowance(meter_key);
        change_allowance(tx, in.customer, meter_key,
                         window_of(in.subscription, in.period, plan.id,
                                   allowance == nullptr ? none : *allowance));
    }
}

std::vector<ClosedUsage> closed_usage(sql::Transaction& tx, const SubscribedPeriod& in) {
    std::vector<ClosedUsage> closed;
    for (const auto& row : tx.all(kMetersUsed, {in.customer, in.period.start, in.subscription})) {
        const auto counter =
            load_counter(tx, in.customer, in.subscription, row.text(0), in.period.start);
        ClosedUsage usage{row.text(0), rated_segments(*counter), {}};
        for (const CounterSegment& segment : counter->segments)
            usage.plan_versions.push_back(segment.plan_version);
        closed.push_back(std::move(usage));
    }
    return closed;
}

std::vector<Period> used_periods(sql::Transaction& tx, const CustomerId& customer,
                                 const SubscriptionId& subscription, Instant before) {
    std::vector<Period> periods;
    for (const auto& row : tx.all(kPeriodsUsed, {customer, subscription, before}))
        periods.push_back({row.instant(0), row.instant(1)});
    return periods;
}

std::vector<RecordedEvent> list_events(sql::Transaction& tx, const EventFilter& filter) {
    const PageQuery& page = filter.page;
    const sql::Value meter(filter.meter_key.value_or(""));
    const sql::Value before(page.after.id.empty() ? kAfterEveryId
                                                  : std::string_view(page.after.id));
    const auto rows = filter.customer
                          ? tx.all(kEventsOfCustomer, {page.since, page.until, meter, before,
                                                       *filter.customer, page.fetch()})
                          : tx.all(kEvents, {page.since, page.until, meter, before, page.fetch()});
    std::vector<RecordedEvent> events;
    events.reserve(rows.size());
    for (const auto& row : rows) events.push_back(event_from(row));
    return events;
}

}  // namespace turnpike
