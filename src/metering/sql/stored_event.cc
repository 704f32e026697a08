#include "metering/sql/stored_event.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "metering/sql/stored_counter.h"
#include "sql/known_word.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

// The newest ids are the newest arrivals, to the millisecond.
constexpr std::string_view kColumns = R"sql(
    SELECT e.id, e.source, e.event_id, e.customer_id, e.meter_key,
           COALESCE(c.quantity, e.quantity), e.event_time, e.latency_us, e.properties,
           e.received_at, e.reset, e.period_start, e.subscription_id, c.kind, o.source, o.event_id,
           u.aggregation
      FROM usage_events e
      LEFT JOIN usage_counters u
        ON u.customer_id = e.customer_id AND u.subscription_id = e.subscription_id
       AND u.meter_key = e.meter_key AND u.reset = e.reset AND u.period_start = e.period_start
      LEFT JOIN usage_corrections c ON c.id = e.id
      LEFT JOIN usage_events o ON o.id = c.original_id
)sql";
// $1 and $2 of arrival, $3 the meter of any of its counts, $4 the id before which. Names of
// reservations, which are rows here as well, have ids before 'ue'.
constexpr std::string_view kWhere = R"sql(
     WHERE e.received_at >= $1 AND e.received_at < $2 AND e.id < $4 AND e.id > 'ue'
       AND ($3 = '' OR e.meter_key = $3
            OR EXISTS (SELECT 1 FROM usage_event_counts n
                        WHERE n.usage_event_id = e.id AND n.meter_key = $3)
            OR EXISTS (SELECT 1 FROM usage_correction_counts n
                        WHERE n.correction_id = e.id AND n.meter_key = $3))
)sql";

constexpr std::string_view kOfAll = R"sql(
     ORDER BY e.id DESC LIMIT $5
)sql";

constexpr std::string_view kOfCustomer = R"sql(
       AND e.customer_id = $6
     ORDER BY e.id DESC LIMIT $5
)sql";

constexpr std::string_view kOfName = R"sql(
       AND e.source = $6 AND e.event_id = $7 AND ($8 = '' OR e.customer_id = $8)
     ORDER BY e.id DESC LIMIT $5
)sql";

constexpr std::string_view kById = R"sql(
     WHERE e.id = $1
)sql";

/// Above every id in any collation: one character longer than the largest.
constexpr std::string_view kAfterEveryId = "ue_ZZZZZZZZZZZZZZZZZZZZZZZZZZZ";

RecordedEvent event_from(const sql::Row& row) {
    RecordedEvent event{
        .id = row.id<UsageEventId>(0),
        .event = {.source = row.text(1),
                  .id = row.text(2),
                  .customer = row.id<CustomerId>(3),
                  .meter_key = row.text(4),
                  .quantity = row.quantity(5),
                  .time = row.instant(6),
                  .latency_us = row.maybe_integer(7),
                  .properties = row.text(8)},
        .received_at = row.instant(9),
        .counts = {{row.text(4), known_word(parse_aggregation(row.text(16))),
                    known_word(parse_reset(row.text(10))), row.instant(11), row.quantity(5)}}};
    if (row.is_null(13)) return event;
    const bool is_void = row.text(13) == to_text(Correction::Kind::Void);
    event.corrects = {is_void ? Correction::Kind::Void : Correction::Kind::Amend, row.text(14),
                      row.text(15), event.event.quantity};
    event.counts.clear();
    return event;
}

std::string select_further_counts(std::size_t events) {
    return "WITH keys (id) AS (VALUES " + sql::value_rows(events, 1) + R"sql(),
    counts AS (
        SELECT n.usage_event_id AS event, n.number, n.meter_key, n.reset, n.period_start,
               n.quantity AS value
          FROM keys k JOIN usage_event_counts n ON n.usage_event_id = k.id
        UNION ALL
        SELECT n.correction_id, n.number, n.meter_key, n.reset, n.period_start, n.change
          FROM keys k JOIN usage_correction_counts n ON n.correction_id = k.id)
    SELECT n.event, n.meter_key, u.aggregation, n.reset, n.period_start, n.value
      FROM counts n
      JOIN usage_events e ON e.id = n.event
      JOIN usage_counters u
        ON u.customer_id = e.customer_id AND u.subscription_id = e.subscription_id
       AND u.meter_key = n.meter_key AND u.reset = n.reset AND u.period_start = n.period_start
     ORDER BY n.event, n.number
)sql";
}

std::string select_status(std::size_t events) {
    return "WITH keys (id) AS (VALUES " + sql::value_rows(events, 1) + R"sql()
    SELECT c.original_id, c.kind, c.quantity
      FROM keys k JOIN usage_corrections c ON c.original_id = k.id
     ORDER BY c.original_id, c.number
)sql";
}

void add_further_counts(sql::Transaction& tx, std::vector<RecordedEvent>& events) {
    std::map<std::string_view, RecordedEvent*> by_id;
    for (RecordedEvent& event : events) by_id.emplace(event.id.text(), &event);
    auto next = by_id.begin();
    for (const std::size_t count : sql::row_chunks(events.size())) {
        std::vector<sql::Value> ids;
        for (std::size_t i = 0; i < count; ++i, ++next) ids.emplace_back(next->first);
        for (const auto& row : tx.all(select_further_counts(count), ids))
            by_id.at(row.text(0))
                ->counts.push_back({row.text(1), known_word(parse_aggregation(row.text(2))),
                                    known_word(parse_reset(row.text(3))), row.instant(4),
                                    row.quantity(5)});
        for (const auto& row : tx.all(select_status(count), ids)) {
            EventStatus& status = by_id.at(row.text(0))->status;
            if (row.is_null(2))
                status.is_voided = true;
            else
                status.amended = row.quantity(2);
        }
    }
}

}  // namespace

std::vector<RecordedEvent> load_events(sql::Transaction& tx, const EventFilter& filter) {
    const PageQuery& page = filter.page;
    std::string text = std::string(kColumns).append(kWhere);
    std::vector<sql::Value> parameters{
        page.since, page.until, filter.meter_key.value_or(""),
        page.after.id.empty() ? kAfterEveryId : std::string_view(page.after.id), page.fetch()};
    if (filter.name) {
        parameters.emplace_back(filter.name->source);
        parameters.emplace_back(filter.name->id);
        parameters.emplace_back(filter.customer ? filter.customer->text() : "");
        text += kOfName;
    } else if (filter.customer) {
        parameters.emplace_back(*filter.customer);
        text += kOfCustomer;
    } else {
        text += kOfAll;
    }
    std::vector<RecordedEvent> events;
    for (const auto& row : tx.all(text, parameters)) events.push_back(event_from(row));
    add_further_counts(tx, events);
    return events;
}

std::optional<FollowedEvent> load_followed_event(sql::Transaction& tx, const UsageEventId& id) {
    const auto row = tx.one(std::string(kColumns).append(kById), {id});
    if (!row) return std::nullopt;
    std::vector<RecordedEvent> events{event_from(*row)};
    add_further_counts(tx, events);
    FollowedEvent followed{std::move(events.front()), {}};
    Contract contract;
    if (!row->text(12).empty()) contract = row->id<SubscriptionId>(12);
    const RecordedEvent& recorded = followed.recorded;
    for (const MovedCounter& moved : recorded.counts) {
        auto counter = load_counter(tx, {recorded.event.customer, contract, moved.meter_key,
                                         moved.reset, moved.window_start});
        check(counter.has_value(), "what an event moved is there");
        followed.counters.push_back(*std::move(counter));
    }
    return followed;
}

}  // namespace turnpike
