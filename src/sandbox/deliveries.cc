#include "sandbox/deliveries.h"

#include <algorithm>
#include <utility>

#include "sandbox/conditions.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO deliveries (id, account, endpoint, event, seq, state, tries, created_at,
                            next_try_at, body)
    VALUES ($1, $2, $3, $4, (SELECT COALESCE(MAX(seq), 0) + 1 FROM deliveries), 'pending', 0, $5,
            $5, $6)
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

constexpr std::string_view kLoadOne = R"sql(
    SELECT id, account, endpoint, event, tries, body FROM deliveries WHERE id = $1
)sql";

constexpr std::string_view kPostpone = "UPDATE deliveries SET next_try_at = $2 WHERE id = $1";

constexpr std::string_view kInsertAttempt = R"sql(
    INSERT INTO delivery_attempts (delivery, number, tried_at, status, note, took_us, url,
                                   request_headers, request_body, response_headers, response_body,
                                   response_bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
)sql";

constexpr std::string_view kLoadAttempts = R"sql(
    SELECT tried_at, status, note, took_us, url, request_headers, request_body, response_headers,
           response_body, response_bytes
      FROM delivery_attempts WHERE delivery = $1 ORDER BY number
)sql";

std::vector<sql::Row> load_records(sql::Transaction& tx, const Conditions& conditions,
                                   std::int64_t limit) {
    return tx.all(
        "SELECT id, account, endpoint, event, tries, body, state, created_at, next_try_at, seq "
        "FROM deliveries WHERE " +
            conditions.text() + " ORDER BY seq DESC LIMIT " + std::to_string(limit),
        conditions.values());
}

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

DeliveryRecord record_from_row(const sql::Row& row) {
    return {.delivery = from_row(row),
            .state = row.text(6),
            .created_at = row.instant(7),
            .next_try_at = row.instant(8),
            .sequence = row.integer(9)};
}

/// One "Name: value" a line; neither half of a header holds a line's end.
std::string header_lines(const http::Headers& headers) {
    std::string lines;
    for (const auto& [name, value] : headers) lines += name + ": " + value + "\n";
    return lines;
}

http::Headers headers_of(std::string_view lines) {
    http::Headers headers;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        const auto colon = line.find(": ");
        headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        lines.remove_prefix(line.size() + 1);
    }
    return headers;
}

Attempt attempt_from_row(const sql::Row& row) {
    return {.tried_at = row.instant(0),
            .status = static_cast<int>(row.integer(1)),
            .note = row.text(2),
            .took = Duration(row.integer(3)),
            .url = row.text(4),
            .request_headers = headers_of(row.text(5)),
            .request_body = row.maybe_text(6),
            .response_headers = headers_of(row.text(7)),
            .response_body = row.text(8),
            .response_bytes = row.integer(9)};
}

}  // namespace

Attempt attempt_of(const Delivery& delivery, const http::Call& call, Instant tried_at) {
    Attempt attempt{
        .tried_at = tried_at, .note = {}, .url = call.url, .request_headers = call.headers};
    if (call.body != delivery.body) attempt.request_body = call.body;
    return attempt;
}

void keep_reply(Attempt& attempt, http::Reply reply) {
    attempt.status = reply.status;
    attempt.response_headers = std::move(reply.headers);
    attempt.response_bytes = static_cast<std::int64_t>(reply.body.size());
    reply.body.resize(std::min(reply.body.size(), kResponseBytesKept));
    attempt.response_body = std::move(reply.body);
}

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

std::optional<Delivery> load_delivery(sql::Transaction& tx, const std::string& id) {
    const auto row = tx.one(kLoadOne, {id});
    if (!row) return std::nullopt;
    return from_row(*row);
}

void postpone_delivery(sql::Transaction& tx, const std::string& id, Instant until) {
    tx.run(kPostpone, {id, until});
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
    tx.run(
        kInsertAttempt,
        {delivery.id, number, attempt.tried_at, attempt.status, attempt.note, attempt.took.count(),
         attempt.url, header_lines(attempt.request_headers), attempt.request_body,
         header_lines(attempt.response_headers), attempt.response_body, attempt.response_bytes});
    const auto* state = is_delivered(attempt) ? "delivered" : retry_at ? "pending" : "failed";
    tx.run(kUpdate, {delivery.id, state, number, retry_at.value_or(attempt.tried_at)});
}

void hasten_deliveries(sql::Transaction& tx, std::string_view account, Duration by) {
    tx.run(kHasten, {account, by.count()});
}

void drop_deliveries(sql::Transaction& tx, const std::string& endpoint) {
    tx.run(kDrop, {endpoint});
}

std::vector<DeliveryRecord> load_deliveries(sql::Transaction& tx, const DeliveryFilter& filter) {
    Conditions conditions;
    conditions.add("account = ", filter.account);
    conditions.add_text("event = ", filter.event);
    conditions.add_text("endpoint = ", filter.endpoint);
    conditions.add_text("state = ", filter.state);
    if (filter.before) conditions.add("seq < ", *filter.before);
    std::vector<DeliveryRecord> records;
    for (const auto& row : load_records(tx, conditions, filter.limit))
        records.push_back(record_from_row(row));
    return records;
}

std::optional<DeliveryRecord> find_delivery(sql::Transaction& tx, std::string_view account,
                                            std::string_view id) {
    Conditions conditions;
    conditions.add("account = ", account);
    conditions.add("id = ", id);
    const auto rows = load_records(tx, conditions, 1);
    if (rows.empty()) return std::nullopt;
    return record_from_row(rows.front());
}

std::vector<Attempt> load_attempts(sql::Transaction& tx, std::string_view delivery) {
    std::vector<Attempt> attempts;
    for (const auto& row : tx.all(kLoadAttempts, {delivery}))
        attempts.push_back(attempt_from_row(row));
    return attempts;
}

std::int64_t count_pending(sql::Transaction& tx, const std::string& account,
                           const std::string& event) {
    return tx.one(kCountPending, {account, event})->integer(0);
}

}  // namespace turnpike::twin
