#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// pending: to be applied, now or at next_attempt_at. The other two are final, except that a dead
/// event can be revived by hand.
enum class InboxState : std::uint8_t { Pending, Done, Dead };
std::string_view to_text(InboxState state);
std::optional<InboxState> parse_inbox_state(std::string_view text);

/// One event a provider told us about, kept as it came.
struct InboxEvent {
    InboxEventId id;
    std::string provider;
    std::string provider_event_id;
    std::string type;
    std::string payload;  ///< the verified bytes
    InboxState state = InboxState::Pending;
    std::int64_t attempts = 0;  ///< counted when an attempt begins
    Instant next_attempt_at;
    std::optional<std::string> last_error;
    Instant received_at;
    std::optional<Instant> applied_at;
};

struct NewInboxEvent {
    std::string provider;
    std::string provider_event_id;
    std::string type;
    std::string payload;
    /// What makes it one event for ever, proven by its signature; "": provider_event_id.
    std::string identity{};
};

struct InboxPolicy {
    std::chrono::seconds first_retry{1};  ///< doubles
    std::chrono::seconds retry_max{3'600};
    std::int64_t attempts_max = 20;  ///< tries before an event is dead
    std::chrono::hours age_max{72};  ///< and its age, when it waits for somebody else
    /// How long one claim holds: an event whose worker died is taken up after it.
    std::chrono::seconds lease{120};
};

enum class Stored : bool { New, Duplicate };
/// Keyed by (provider, identity); the first one stays. Client secrets in the payload are not kept:
/// nobody needs them here.
Stored store_event(sql::Transaction& tx, const NewInboxEvent& event, IdSource& ids, Instant now);

/// Takes up to `limit` due events, oldest first, for one lease, and counts the attempt.
std::vector<InboxEvent> claim_due_events(sql::Transaction& tx, const InboxPolicy& policy,
                                         Instant now, int limit);

bool has_due_events(sql::Transaction& tx, Instant now);

/// For the applier, inside the transaction that writes the effect: done and effect are one.
/// \return false when the event was done before: then its effect was, too
bool mark_event_done(sql::Transaction& tx, const InboxEventId& id, Instant now);

/// Schedules the next attempt, or ends the event as dead: after attempts_max tries, and where the
/// error asks us to wait (Unavailable, OutcomeUnknown, LimitExceeded) not before age_max.
/// \return the state it is in now
InboxState mark_event_failed(sql::Transaction& tx, const InboxEvent& event, const Error& error,
                             const InboxPolicy& policy, Instant now);

/// Wait before the try after attempt number `attempts` (from 1). Pure.
std::chrono::seconds inbox_backoff(const InboxPolicy& policy, std::int64_t attempts);

/// A dead event gets its attempts back. \return false when it is not dead
bool revive_event(sql::Transaction& tx, const InboxEventId& id, Instant now);

bool event_is_pending(sql::Transaction& tx, const InboxEventId& id);

struct InboxCounts {
    std::int64_t pending = 0;
    std::int64_t dead = 0;
};
InboxCounts count_events(sql::Transaction& tx);
/// How many are kept that were applied; it counts them one by one.
std::int64_t count_done_events(sql::Transaction& tx);

struct InboxFilter {
    std::optional<InboxState> state{};
    std::string before{};  ///< an event's id, exclusive; "" begins with the newest
    int fetch = 26;        ///< rows, the one that answers "has_more" included
};
enum class Payloads : bool { Omit, Load };
/// Newest first.
std::vector<InboxEvent> list_inbox_events(sql::Transaction& tx, const InboxFilter& filter,
                                          Payloads payloads = Payloads::Omit);
/// With its payload.
std::optional<InboxEvent> find_inbox_event(sql::Transaction& tx, const InboxEventId& id);

}  // namespace turnpike
