#include "sandbox/deliveries.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO deliveries (id, account, endpoint, event, seq, state, tries, next_try_at, body)
    VALUES ($1, $2, $3, $4, (SELECT COALESCE(MAX(seq), 0) + 1 FROM deliveries), 'pending', 0, $5,
            $6)
)sql";

constexpr std::string_view kDueEndpoints = R"sql(
    SELECT DISTINCT endpoint FROM deliveries WHERE state = 'pending' AND next_try_at <= $1
)sql";

constexpr std::string_view kOldestDue = R"sql(
    SELECT id, account, endpoint, event, tries, body FROM deliveries
     WHERE endpoint = $1 AND state = 'pending' AND next_try_at <= $2
     ORDER BY seq
     LIMIT 1
)sql";

constexpr std::string_view kInsertAttempt = R"sql(
    INSERT INTO delivery_attempts (delivery, number, tried_at, status, note)
    VALUES ($1, $2, $3, $4, $5)
)sql";

constexpr std::string_view kUpdate = R"sql(
    UPDATE deliveries SET state = $2, tries = $3, next_try_at = $4 WHERE id = $1
)sql";

constexpr std::string_view kHasten = R"sql(
    UPDATE deliveries SET next_try_at = next_try_at - $2 WHERE account = $1 AND state = 'pending'
)sql";

constexpr std::string_view kDrop = R"sql(
    UPDATE deliveries SET state = 'failed' WHERE endpoint = $1 AND state = 'pending'
)sql";

constexpr std::string_view kCountPending = R"sql(
    SELECT COUNT(*) FROM deliveries WHERE account = $1 AND event = $2 AND state = 'pending'
)sql";

Delivery from_row(const sql::Row& row) {
    return {.id = row.text(0),
            .account = row.text(1),
            .endpoint = row.text(2),
            .event = row.text(3),
            .tries = row.integer(4),
            .body = row.text(5)};
}

}  // namespace

void add_delivery(sql::Transaction& tx, const Delivery& delivery, Instant now) {
    tx.run(kInsert,
           {delivery.id, delivery.account, delivery.endpoint, delivery.event, now, delivery.body});
}

std::optional<Delivery> load_due_delivery(sql::Transaction& tx, const std::string& endpoint,
                                          Instant now) {
    const auto row = tx.one(kOldestDue, {endpoint, now});
    if (!row) return std::nullopt;
    return from_row(*row);
}

std::vector<Delivery> load_due_deliveries(sql::Transaction& tx, Instant now) {
    std::vector<Delivery> due;
    for (const auto& row : tx.all(kDueEndpoints, {now})) {
        if (auto delivery = load_due_delivery(tx, row.text(0), now))
            due.push_back(*std::move(delivery));
    }
    return due;
}

void save_attempt(sql::Transaction& tx, const Delivery& delivery, const Attempt& attempt,
                  std::optional<Instant> retry_at) {
    const auto number = delivery.tries + 1;
    tx.run(kInsertAttempt, {delivery.id, number, attempt.tried_at, attempt.status, attempt.note});
    const auto* state = is_delivered(attempt) ? "delivered" : retry_at ? "pending" : "failed";
    tx.run(kUpdate, {delivery.id, state, number, retry_at.value_or(attempt.tried_at)});
}

void hasten_deliveries(sql::Transaction& tx, std::string_view account, Duration by) {
    tx.run(kHasten, {account, by.count()});
}

void drop_deliveries(sql::Transaction& tx, const std::string& endpoint) {
    tx.run(kDrop, {endpoint});
}

std::int64_t count_pending(sql::Transaction& tx, const std::string& account,
                           const std::string& event) {
    return tx.one(kCountPending, {account, event})->integer(0);
}

}  // namespace turnpike::twin
