#pragma once

#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "json/json.h"
#include "sql/sql.h"

namespace turnpike {

/// What the receiver knows a message by: the same at every try.
using OutboxEventId = Id<"evt">;

/// Whether people are alerted of it, too. No: it is nothing to them, or another event says more.
enum class Alerting : bool { No, Yes };

/// Something that happened to one object.
struct OutboxEvent {
    std::string_view type;  ///< one of kOutboxEventTypes
    std::string object;     ///< its id: the events of one object are numbered and sent in order
    std::string customer;   ///< a CustomerId's text; "" when it is only the seller's affair
    const Json& data;       ///< the object as /v1 shows it
    Instant at;
    Alerting alerting = Alerting::Yes;
};

/// Writes the event, and a delivery for each endpoint that wants it, in the transaction that makes
/// it true: neither is there without the other. The body is {"type", "timestamp", "data"}; the data
/// gets a member "sequence", which rises by one with each event of the object.
OutboxEventId emit(sql::Transaction& tx, const OutboxEvent& event, IdSource& ids);

}  // namespace turnpike
