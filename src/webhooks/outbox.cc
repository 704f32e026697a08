#include "webhooks/outbox.h"

#include "base/check.h"
#include "json/value.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_store.h"
#include "webhooks/event_types.h"

namespace turnpike {
namespace {

constexpr std::string_view kNextSequence = R"sql(
    INSERT INTO outbox_sequences (object_id, last) VALUES ($1, 1)
        ON CONFLICT (object_id) DO UPDATE SET last = outbox_sequences.last + 1
    RETURNING last
)sql";

constexpr std::string_view kInsertEvent = R"sql(
    INSERT INTO outbox_events (id, type, object_id, sequence, customer_id, body, created_at, alerts)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)sql";

std::string body_of(const OutboxEvent& event, std::int64_t sequence) {
    Json data = event.data;
    data["sequence"] = sequence;
    return to_text(Json{
        {"type", event.type}, {"timestamp", format_rfc3339(event.at)}, {"data", std::move(data)}});
}

}  // namespace

StoredEvent store_event(sql::Transaction& tx, const OutboxEvent& event, IdSource& ids) {
    check(is_event_type(event.type), "an event's type is one of event_types.h");
    check(event.data.is_object(), "an event's data is an object");
    const auto sequence = tx.one(kNextSequence, {event.object})->integer(0);
    const auto id = ids.make<OutboxEventId>(event.at);
    tx.run(kInsertEvent, {id, event.type, event.object, sequence, event.customer,
                          body_of(event, sequence), event.at, event.alerting == Alerting::Yes});
    return {.id = id,
            .type = std::string(event.type),
            .object = event.object,
            .sequence = sequence,
            .created_at = event.at,
            .alerting = event.alerting};
}

OutboxEventId emit(sql::Transaction& tx, const OutboxEvent& event, IdSource& ids) {
    const auto stored = store_event(tx, event, ids);
    for (const auto& endpoint : enabled_endpoints(tx))
        if (is_for(endpoint, stored)) insert_delivery(tx, endpoint.id, stored, {ids, event.at});
    return stored.id;
}

}  // namespace turnpike
