#include "webhooks/delivery_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/check.h"
#include "sql/known_word.h"
#include "webhooks/endpoint_store.h"
#include "webhooks/event_types.h"

namespace turnpike {
namespace {

constexpr std::string_view kDeliveryColumns = R"sql(
    SELECT d.id, d.endpoint_id, d.event_id, e.type, d.object_id, d.sequence, d.state, d.attempts,
           d.tries_made, d.next_attempt_at, d.created_at, d.finished_at
      FROM webhook_deliveries d JOIN outbox_events e ON e.id = d.event_id
)sql";

std::string select_deliveries(std::string_view rest) {
    return std::string(kDeliveryColumns).append(rest);
}

WebhookDelivery delivery_from(const sql::Row& row) {
    return {.id = row.id<WebhookDeliveryId>(0),
            .endpoint = row.id<WebhookEndpointId>(1),
            .event = row.id<OutboxEventId>(2),
            .event_type = row.text(3),
            .object = row.text(4),
            .sequence = row.integer(5),
            .state = known_word(parse_delivery_state(row.text(6))),
            .attempts = row.integer(7),
            .tries_made = row.integer(8),
            .next_attempt_at = row.instant(9),
            .created_at = row.instant(10),
            .finished_at = row.maybe_instant(11)};
}

constexpr std::string_view kReadyEndpoints = R"sql(
    SELECT e.id
      FROM webhook_endpoints e
     WHERE e.state = 'enabled' AND e.paused_until <= $1
       AND EXISTS (SELECT 1 FROM webhook_deliveries d
                    WHERE d.endpoint_id = e.id AND d.state = 'pending'
                      AND d.next_attempt_at <= $1 AND d.leased_until <= $1)
     ORDER BY e.id
)sql";

constexpr std::string_view kInHand = R"sql(
    SELECT COUNT(*) FROM webhook_deliveries
     WHERE endpoint_id = $1 AND state = 'pending' AND leased_until > $2
)sql";

constexpr std::string_view kClaimDelivery = R"sql(
    UPDATE webhook_deliveries
       SET attempts = attempts + 1, tries_made = tries_made + 1, leased_until = $3
     WHERE id IN (
        SELECT d.id FROM webhook_deliveries d
         WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.next_attempt_at <= $2
           AND d.leased_until <= $2
           AND NOT EXISTS (SELECT 1 FROM webhook_deliveries b
                            WHERE b.endpoint_id = d.endpoint_id AND b.object_id = d.object_id
                              AND b.sequence < d.sequence AND b.state = 'pending'
                              AND (b.attempts < 3 OR (b.attempts = 3 AND b.leased_until > $2)))
         ORDER BY d.next_attempt_at, d.sequence, d.id
         LIMIT 1)
    RETURNING id
)sql";

/// Where in the order of its moment a page goes on.
struct PlaceInMoment {
    std::int64_t sequence = std::numeric_limits<std::int64_t>::max();
    std::string id;
};

/// A mark is ours; only that of the first page has no place.
PlaceInMoment place_of(const PageMark& mark) {
    const auto space = mark.id.find(' ');
    if (space == std::string::npos) return {};
    return {std::stoll(mark.id.substr(0, space)), mark.id.substr(space + 1)};
}

}  // namespace

PageMark mark_of(const WebhookDelivery& delivery) {
    return {delivery.created_at, std::to_string(delivery.sequence) + " " + delivery.id.text()};
}

bool is_for(const WebhookEndpoint& endpoint, const StoredEvent& event) {
    if (is_alert(endpoint.kind) && event.alerting == Alerting::No) return false;
    if (event.type == kEndpointTest && event.object != endpoint.id.text()) return false;
    return wants(endpoint, event.type);
}

std::string_view to_text(DeliveryState state) {
    switch (state) {
        case DeliveryState::Pending: return "pending";
        case DeliveryState::Delivered: return "delivered";
        case DeliveryState::Failed: return "failed";
    }
    std::unreachable();
}

std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
    using enum DeliveryState;
    for (const auto state : {Pending, Delivered, Failed})
        if (to_text(state) == text) return state;
    return std::nullopt;
}

constexpr std::string_view kInsertDelivery = R"sql(
    INSERT INTO webhook_deliveries (id, endpoint_id, event_id, object_id, sequence, state, attempts,
                                    tries_made, next_attempt_at, leased_until, created_at)
    VALUES ($1, $2, $3, $4, $5, 'pending', 0, 0, $6, 0, $6)
        ON CONFLICT (endpoint_id, event_id) DO NOTHING
)sql";

bool insert_delivery(sql::Transaction& tx, const WebhookEndpointId& endpoint,
                     const StoredEvent& event, const DeliveryMaking& making) {
    return tx.run(kInsertDelivery, {making.ids.make<WebhookDeliveryId>(making.now), endpoint,
                                    event.id, event.object, event.sequence, making.now}) == 1;
}

constexpr std::string_view kHasDueDeliveries = R"sql(
    SELECT d.id
      FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
     WHERE e.state = 'enabled' AND e.paused_until <= $1
       AND d.state = 'pending' AND d.next_attempt_at <= $1 AND d.leased_until <= $1
     LIMIT 1
)sql";

bool has_due_deliveries(sql::Transaction& tx, Instant now) {
    return tx.one(kHasDueDeliveries, {now}).has_value();
}

namespace {

/// An endpoint that something is due for, and how much of it is being sent.
struct Turn {
    WebhookEndpoint endpoint;
    std::int64_t in_hand = 0;
};

std::optional<ClaimedDelivery> claim_next(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                          const ClaimRule& rule) {
    static const std::string kById = select_deliveries("WHERE d.id = $1");
    const auto taken = tx.one(kClaimDelivery, {endpoint.id, rule.now, rule.lease_end});
    if (!taken) return std::nullopt;
    auto delivery = delivery_from(*tx.one(kById, {taken->text(0)}));
    auto body = load_event_body(tx, delivery.event);
    return ClaimedDelivery{std::move(delivery), endpoint, std::move(body)};
}

}  // namespace

std::vector<ClaimedDelivery> claim_deliveries(sql::Transaction& tx, const ClaimRule& rule) {
    std::vector<Turn> turns;
    for (const auto& ready : tx.all(kReadyEndpoints, {rule.now})) {
        const auto endpoint = load_endpoint(tx, ready.id<WebhookEndpointId>(0));
        turns.push_back({*endpoint, tx.one(kInHand, {endpoint->id, rule.now})->integer(0)});
    }
    std::vector<ClaimedDelivery> claimed;
    while (static_cast<int>(claimed.size()) < rule.limit) {
        const auto next = std::ranges::min_element(turns, {}, &Turn::in_hand);
        if (next == turns.end() || next->in_hand >= rule.per_endpoint_max) break;
        auto one = claim_next(tx, next->endpoint, rule);
        if (!one) {
            turns.erase(next);
            continue;
        }
        ++next->in_hand;
        claimed.push_back(*std::move(one));
    }
    return claimed;
}

constexpr std::string_view kFinishDelivery = R"sql(
    UPDATE webhook_deliveries
       SET state = $3, next_attempt_at = $4, leased_until = 0,
           finished_at = CASE WHEN $3 = 'pending' THEN NULL ELSE $4 END
     WHERE id = $1 AND tries_made = $2 AND state = 'pending'
)sql";

bool finish_delivery(sql::Transaction& tx, const WebhookDelivery& delivery, DeliveryState state,
                     Instant next_attempt_or_end) {
    return tx.run(kFinishDelivery,
                  {delivery.id, delivery.tries_made, to_text(state), next_attempt_or_end}) == 1;
}

constexpr std::string_view kInsertAttempt = R"sql(
    INSERT INTO webhook_attempts (delivery_id, number, at, status, problem, duration_ms, response)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
)sql";

void insert_attempt(sql::Transaction& tx, const WebhookDeliveryId& delivery,
                    const DeliveryAttempt& attempt) {
    tx.run(kInsertAttempt, {delivery, attempt.number, attempt.at, attempt.status, attempt.problem,
                            attempt.duration_ms, attempt.response});
}

std::optional<WebhookDelivery> load_delivery(sql::Transaction& tx,
                                             const WebhookEndpointId& endpoint,
                                             const WebhookDeliveryId& id) {
    static const std::string kText = select_deliveries("WHERE d.endpoint_id = $1 AND d.id = $2");
    const auto row = tx.one(kText, {endpoint, id});
    if (!row) return std::nullopt;
    return delivery_from(*row);
}

std::optional<WebhookDelivery> find_delivery(sql::Transaction& tx,
                                             const WebhookEndpointId& endpoint,
                                             const OutboxEventId& event) {
    static const std::string kText =
        select_deliveries("WHERE d.endpoint_id = $1 AND d.event_id = $2");
    const auto row = tx.one(kText, {endpoint, event});
    if (!row) return std::nullopt;
    return delivery_from(*row);
}

constexpr std::string_view kLoadAttempts = R"sql(
    SELECT number, at, status, problem, duration_ms, response
      FROM webhook_attempts WHERE delivery_id = $1 ORDER BY number DESC LIMIT 100
)sql";

std::vector<DeliveryAttempt> load_attempts(sql::Transaction& tx, const WebhookDeliveryId& id) {
    std::vector<DeliveryAttempt> attempts;
    for (const auto& row : tx.all(kLoadAttempts, {id}))
        attempts.push_back({.number = row.integer(0),
                            .at = row.instant(1),
                            .status = static_cast<int>(row.integer(2)),
                            .problem = row.text(3),
                            .duration_ms = row.integer(4),
                            .response = row.text(5)});
    return attempts;
}

std::string load_event_body(sql::Transaction& tx, const OutboxEventId& id) {
    const auto row = tx.one("SELECT body FROM outbox_events WHERE id = $1", {id});
    check(row.has_value(), "a delivery's event is there");
    return row->text(0);
}

std::vector<WebhookDelivery> list_deliveries(sql::Transaction& tx,
                                             const WebhookEndpointId& endpoint,
                                             std::optional<DeliveryState> state,
                                             const PageQuery& page) {
    static const std::string kText = select_deliveries(R"sql(
     WHERE d.endpoint_id = $1 AND ($2 = '' OR d.state = $2)
       AND d.created_at >= $3 AND d.created_at < $4
       AND (d.created_at, d.sequence, d.id) < ($5, $6, $7)
     ORDER BY d.created_at DESC, d.sequence DESC, d.id DESC
     LIMIT $8
)sql");
    const auto wanted = state ? to_text(*state) : std::string_view();
    std::vector<WebhookDelivery> deliveries;
    const auto after = place_of(page.after);
    for (const auto& row : tx.all(kText, {endpoint, wanted, page.since, page.until, page.after.at,
                                          after.sequence, after.id, page.fetch()}))
        deliveries.push_back(delivery_from(row));
    return deliveries;
}

constexpr std::string_view kRestart = R"sql(
    UPDATE webhook_deliveries
       SET state = 'pending', attempts = 0, next_attempt_at = $2, finished_at = NULL
     WHERE id = $1 AND state <> 'pending'
)sql";

bool restart_delivery(sql::Transaction& tx, const WebhookDeliveryId& id, Instant now) {
    return tx.run(kRestart, {id, now}) == 1;
}

constexpr std::string_view kEventsBetween = R"sql(
    SELECT id, type, object_id, sequence, created_at, alerts FROM outbox_events
     WHERE created_at >= $1 AND created_at < $2
     ORDER BY created_at, sequence, id
     LIMIT $3
)sql";

std::vector<StoredEvent> events_between(sql::Transaction& tx, const Period& period, int limit) {
    std::vector<StoredEvent> events;
    for (const auto& row : tx.all(kEventsBetween, {period.start, period.end, limit}))
        events.push_back({.id = row.id<OutboxEventId>(0),
                          .type = row.text(1),
                          .object = row.text(2),
                          .sequence = row.integer(3),
                          .created_at = row.instant(4),
                          .alerting = row.flag(5) ? Alerting::Yes : Alerting::No});
    return events;
}

constexpr std::string_view kCountWaiting = R"sql(
    SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'
)sql";

std::int64_t count_waiting_deliveries(sql::Transaction& tx) {
    return tx.one(kCountWaiting)->integer(0);
}

constexpr std::string_view kEnded = R"sql(
    SELECT id FROM webhook_deliveries
     WHERE state <> 'pending' AND finished_at < $1 AND created_at < $1
     LIMIT $2
)sql";
constexpr std::string_view kPurgeAttempts = "DELETE FROM webhook_attempts WHERE delivery_id = $1";
constexpr std::string_view kPurgeDelivery = "DELETE FROM webhook_deliveries WHERE id = $1";
constexpr std::string_view kPurgeEvents = R"sql(
    DELETE FROM outbox_events
     WHERE id IN (SELECT e.id FROM outbox_events e
                   WHERE e.created_at < $1
                     AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id)
                   ORDER BY e.created_at, e.id
                   LIMIT $2)
)sql";

std::int64_t purge_outbox(sql::Transaction& tx, Instant moment, int limit) {
    std::int64_t gone = 0;
    for (const auto& row : tx.all(kEnded, {moment, limit})) {
        tx.run(kPurgeAttempts, {row.text(0)});
        gone += tx.run(kPurgeDelivery, {row.text(0)});
    }
    return gone + tx.run(kPurgeEvents, {moment, limit});
}

}  // namespace turnpike
