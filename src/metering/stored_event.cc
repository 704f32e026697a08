#include "metering/stored_event.h"

#include <string_view>

namespace turnpike {
namespace {

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
            .counts = {{row.text(4), {}, row.instant(9), row.quantity(5)}}};
}

}  // namespace

std::vector<RecordedEvent> load_events(sql::Transaction& tx, const EventFilter& filter) {
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
