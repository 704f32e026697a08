#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/cursor.h"
#include "sql/sql.h"
#include "webhooks/delivery.h"

namespace turnpike {

/// Writes an event alone, without deliveries.
StoredEvent store_event(sql::Transaction& tx, const OutboxEvent& event, IdSource& ids);

/// Whether it is to be sent there.
bool is_for(const WebhookEndpoint& endpoint, const StoredEvent& event);

struct DeliveryMaking {
    IdSource& ids;
    Instant now;
};
/// Due at once. \return false when the endpoint was told of it before
bool insert_delivery(sql::Transaction& tx, const WebhookEndpointId& endpoint,
                     const StoredEvent& event, const DeliveryMaking& making);

/// A delivery in hand, and what it needs to be sent.
struct ClaimedDelivery {
    WebhookDelivery delivery;
    WebhookEndpoint endpoint;
    std::string body;
};

struct ClaimRule {
    Instant now;
    Instant lease_end;
    int per_endpoint_max = 4;  ///< in hand at the same time, on all nodes
    int limit = 16;
};
/// Takes due deliveries of endpoints that are neither disabled nor paused, and counts the try. An
/// event of an object waits while an earlier one of it is in its first three tries. The endpoint
/// that has the fewest in hand is next, so that those who do not answer leave room for the others.
std::vector<ClaimedDelivery> claim_deliveries(sql::Transaction& tx, const ClaimRule& rule);
bool has_due_deliveries(sql::Transaction& tx, Instant now);

/// Ends the try that `delivery` is in. \return false when it is not ours any more
bool finish_delivery(sql::Transaction& tx, const WebhookDelivery& delivery, DeliveryState state,
                     Instant next_attempt_or_end);
void insert_attempt(sql::Transaction& tx, const WebhookDeliveryId& delivery,
                    const DeliveryAttempt& attempt);

std::optional<WebhookDelivery> load_delivery(sql::Transaction& tx,
                                             const WebhookEndpointId& endpoint,
                                             const WebhookDeliveryId& id);
std::vector<DeliveryAttempt> load_attempts(sql::Transaction& tx, const WebhookDeliveryId& id);
std::string load_event_body(sql::Transaction& tx, const OutboxEventId& id);
/// Newest first; of one moment, the later event of an object before the earlier one.
std::vector<WebhookDelivery> list_deliveries(sql::Transaction& tx,
                                             const WebhookEndpointId& endpoint,
                                             std::optional<DeliveryState> state,
                                             const PageQuery& page);

/// What continues a page: pass it as PageQuery::after.
PageMark mark_of(const WebhookDelivery& delivery);

/// Begins a new round at once, unless it waits already. \return whether it did
bool restart_delivery(sql::Transaction& tx, const WebhookDeliveryId& id, Instant now);
std::optional<WebhookDelivery> find_delivery(sql::Transaction& tx,
                                             const WebhookEndpointId& endpoint,
                                             const OutboxEventId& event);
/// Oldest first; of one moment, in the order of each object.
std::vector<StoredEvent> events_between(sql::Transaction& tx, const Period& period, int limit);

std::int64_t count_waiting_deliveries(sql::Transaction& tx);
/// Forgets deliveries that ended before `moment`, and events that nobody waits for any more.
/// \return how many rows went
std::int64_t purge_outbox(sql::Transaction& tx, Instant moment, int limit);

}  // namespace turnpike
