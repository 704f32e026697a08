#include "metering/sql/stored_hold.h"

#include <utility>

#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kById = R"sql(
    SELECT h.id, h.status, h.customer_id, h.meter_key, h.source, h.event_id, h.reserved,
           h.event_time, h.expires_at, h.quantity, h.ended_at, h.subscription_id, h.content_hash,
           h.properties, c.reset, c.period_start, c.quantity
      FROM usage_holds h JOIN usage_hold_counts c ON c.hold_id = h.id
     WHERE h.id = $1
     ORDER BY c.number
)sql";

constexpr std::string_view kNamed = R"sql(
    SELECT id FROM usage_holds WHERE source = $1 AND event_id = $2
)sql";

constexpr std::string_view kTaken = R"sql(
    SELECT 1 FROM usage_events WHERE source = $1 AND event_id = $2
)sql";

constexpr std::string_view kDue = R"sql(
    SELECT id FROM usage_holds
     WHERE status = 'open' AND customer_id = $1 AND expires_at <= $2
     ORDER BY expires_at, id
)sql";

constexpr std::string_view kDueCustomers = R"sql(
    SELECT DISTINCT customer_id FROM usage_holds
     WHERE status = 'open' AND expires_at <= $1
     LIMIT $2
)sql";

constexpr std::string_view kTakeName = R"sql(
    INSERT INTO usage_events (id, source, event_id, customer_id, meter_key, quantity, event_time,
                              received_at, subscription_id, reset, period_start, latency_us,
                              properties, content_hash)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, NULL, '', $11)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kDropName = R"sql(
    DELETE FROM usage_events WHERE id = $1
)sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO usage_holds (id, source, event_id, customer_id, subscription_id, meter_key,
                             reserved, event_time, expires_at, received_at, properties,
                             content_hash, status)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open')
)sql";

constexpr std::string_view kInsertCount = R"sql(
    INSERT INTO usage_hold_counts (hold_id, number, reset, period_start, quantity)
    VALUES ($1, $2, $3, $4, $5)
)sql";

constexpr std::string_view kEnd = R"sql(
    UPDATE usage_holds SET status = $2, quantity = $3, ended_at = $4
     WHERE id = $1 AND status = 'open'
)sql";

StoredHold hold_from(const sql::Row& row) {
    StoredHold hold{.shown = {.id = row.id<ReservationId>(0),
                              .state = known_word(parse_reservation_state(row.text(1))),
                              .customer = row.id<CustomerId>(2),
                              .meter_key = row.text(3),
                              .source = row.text(4),
                              .event_id = row.text(5),
                              .reserved = row.quantity(6),
                              .time = row.instant(7),
                              .expires_at = row.instant(8),
                              .quantity = {},
                              .ended_at = row.maybe_instant(10)},
                    .contract = {},
                    .content = row.text(12),
                    .properties = row.text(13),
                    .counts = {}};
    if (!row.is_null(9)) hold.shown.quantity = row.quantity(9);
    if (!row.text(11).empty()) hold.contract = row.id<SubscriptionId>(11);
    return hold;
}

}  // namespace

std::optional<StoredHold> load_hold(sql::Transaction& tx, const ReservationId& id) {
    const auto rows = tx.all(kById, {id});
    if (rows.empty()) return std::nullopt;
    StoredHold hold = hold_from(rows.front());
    for (const auto& row : rows)
        hold.counts.push_back(
            {known_word(parse_reset(row.text(14))), row.instant(15), row.quantity(16)});
    return hold;
}

std::optional<StoredHold> load_hold_named(sql::Transaction& tx, std::string_view source,
                                          std::string_view event_id) {
    const auto row = tx.one(kNamed, {source, event_id});
    if (!row) return std::nullopt;
    return load_hold(tx, row->id<ReservationId>(0));
}

std::vector<StoredHold> load_due_holds(sql::Transaction& tx, const CustomerId& customer,
                                       Instant now) {
    std::vector<StoredHold> due;
    for (const auto& row : tx.all(kDue, {customer, now}))
        due.push_back(*load_hold(tx, row.id<ReservationId>(0)));
    return due;
}

std::vector<CustomerId> load_due_customers(sql::Transaction& tx, Instant now, std::size_t most) {
    std::vector<CustomerId> customers;
    for (const auto& row : tx.all(kDueCustomers, {now, static_cast<std::int64_t>(most)}))
        customers.push_back(row.id<CustomerId>(0));
    return customers;
}

bool is_name_taken(sql::Transaction& tx, std::string_view source, std::string_view event_id) {
    return tx.one(kTaken, {source, event_id}).has_value();
}

void insert_hold(sql::Transaction& tx, const StoredHold& hold, Instant received_at) {
    const Reservation& shown = hold.shown;
    const HeldCount& first = hold.counts.front();
    const auto named =
        tx.run(kTakeName, {shown.id, shown.source, shown.event_id, shown.customer, shown.meter_key,
                           shown.time, received_at, text_of(hold.contract), to_text(first.reset),
                           first.window_start, hold.content});
    if (named != 1) throw sql::Failure("a name appeared inside our transaction", false);
    tx.run(kInsert, {shown.id, shown.source, shown.event_id, shown.customer, text_of(hold.contract),
                     shown.meter_key, shown.reserved, shown.time, shown.expires_at, received_at,
                     hold.properties, hold.content});
    std::int64_t number = 0;
    for (const HeldCount& count : hold.counts)
        tx.run(kInsertCount,
               {shown.id, number++, to_text(count.reset), count.window_start, count.value});
}

void drop_name(sql::Transaction& tx, const ReservationId& id) {
    if (tx.run(kDropName, {id}) != 1)
        throw sql::Failure("a reservation lost its name inside our transaction", false);
}

void end_hold(sql::Transaction& tx, const StoredHold& hold) {
    const Reservation& shown = hold.shown;
    if (tx.run(kEnd, {shown.id, to_text(shown.state), shown.quantity, shown.ended_at}) != 1)
        throw sql::Failure("a reservation ended inside our transaction", false);
}

}  // namespace turnpike
