#include "webhooks/inbox.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "payments/redact.h"

namespace turnpike {
namespace {

constexpr std::size_t kErrorBytesMax = 500;

InboxEvent from_row(const sql::Row& row) {
    const auto state = parse_inbox_state(row.text(5));
    check(state.has_value(), "an inbox event has one of three states");
    return {.id = row.id<InboxEventId>(0),
            .provider = row.text(1),
            .provider_event_id = row.text(2),
            .type = row.text(3),
            .payload = row.text(4),
            .state = *state,
            .attempts = row.integer(6),
            .next_attempt_at = row.instant(7),
            .last_error = row.maybe_text(8),
            .received_at = row.instant(9),
            .applied_at = row.maybe_instant(10)};
}

std::vector<InboxEvent> from_rows(const std::vector<sql::Row>& rows) {
    std::vector<InboxEvent> events;
    events.reserve(rows.size());
    for (const auto& row : rows) events.push_back(from_row(row));
    return events;
}

/// Waiting is somebody else's fault; everything else is ours and does not heal by itself.
bool asks_to_wait(const Error& error) {
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::OutcomeUnknown ||
           error.code == ErrorCode::LimitExceeded;
}

bool is_exhausted(const InboxEvent& event, const Error& error, const InboxPolicy& policy,
                  Instant now) {
    if (event.attempts < policy.attempts_max) return false;
    return !asks_to_wait(error) || now - event.received_at > policy.age_max;
}

constexpr std::string_view kCount = R"sql(
    SELECT COUNT(*) FROM inbox_events WHERE state = $1
)sql";

std::int64_t count_in(sql::Transaction& tx, InboxState state) {
    const auto row = tx.one(kCount, {to_text(state)});
    return row ? row->integer(0) : 0;
}

/// The text for last_error: bounded, and cut between characters, because a database refuses half a
/// UTF-8 sequence.
std::string describe(const Error& error) {
    std::string text(error.reason.text());
    text.append(": ").append(error.message);
    if (text.size() <= kErrorBytesMax) return text;
    std::size_t end = kErrorBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
    return text;
}

}  // namespace

std::string_view to_text(InboxState state) {
    switch (state) {
        case InboxState::Pending: return "pending";
        case InboxState::Done: return "done";
        case InboxState::Dead: return "dead";
    }
    std::unreachable();
}

std::optional<InboxState> parse_inbox_state(std::string_view text) {
    if (text == "pending") return InboxState::Pending;
    if (text == "done") return InboxState::Done;
    if (text == "dead") return InboxState::Dead;
    return std::nullopt;
}

constexpr std::string_view kStore = R"sql(
    INSERT INTO inbox_events (id, provider, provider_event_id, identity, type, payload, state,
                              attempts, next_attempt_at, received_at)
    VALUES ($1, $2, $3, $7, $4, $5, 'pending', 0, $6, $6)
        ON CONFLICT (provider, identity) DO NOTHING
)sql";

Stored store_event(sql::Transaction& tx, const NewInboxEvent& event, IdSource& ids, Instant now) {
    const auto& identity = event.identity.empty() ? event.provider_event_id : event.identity;
    const auto stored =
        tx.run(kStore, {ids.make<InboxEventId>(now), event.provider, event.provider_event_id,
                        event.type, redact(event.payload), now, identity});
    return stored > 0 ? Stored::New : Stored::Duplicate;
}

constexpr std::string_view kClaim = R"sql(
    UPDATE inbox_events
       SET attempts = attempts + 1, next_attempt_at = $2
     WHERE state = 'pending' AND next_attempt_at <= $1
       AND id IN (SELECT id FROM inbox_events
                   WHERE state = 'pending' AND next_attempt_at <= $1
                   ORDER BY next_attempt_at, id
                   LIMIT $3)
    RETURNING id, provider, provider_event_id, type, payload, state, attempts, next_attempt_at,
              last_error, received_at, applied_at
)sql";

std::vector<InboxEvent> claim_due_events(sql::Transaction& tx, const InboxPolicy& policy,
                                         Instant now, int limit) {
    auto events = from_rows(tx.all(kClaim, {now, now + policy.lease, limit}));
    // Ids order by the millisecond; times by the microsecond.
    std::ranges::sort(
        events, {}, [](const InboxEvent& event) { return std::tie(event.received_at, event.id); });
    return events;
}

constexpr std::string_view kHasDue = R"sql(
    SELECT id FROM inbox_events WHERE state = 'pending' AND next_attempt_at <= $1 LIMIT 1
)sql";

bool has_due_events(sql::Transaction& tx, Instant now) {
    return tx.one(kHasDue, {now}).has_value();
}

constexpr std::string_view kDone = R"sql(
    UPDATE inbox_events SET state = 'done', applied_at = $2, last_error = NULL
     WHERE id = $1 AND state = 'pending'
)sql";

bool mark_event_done(sql::Transaction& tx, const InboxEventId& id, Instant now) {
    return tx.run(kDone, {id, now}) > 0;
}

constexpr std::string_view kFailed = R"sql(
    UPDATE inbox_events SET state = $2, next_attempt_at = $3, last_error = $4
     WHERE id = $1 AND state = 'pending' AND attempts = $5
)sql";

InboxState mark_event_failed(sql::Transaction& tx, const InboxEvent& event, const Error& error,
                             const InboxPolicy& policy, Instant now) {
    const auto state =
        is_exhausted(event, error, policy, now) ? InboxState::Dead : InboxState::Pending;
    tx.run(kFailed, {event.id, to_text(state), now + inbox_backoff(policy, event.attempts),
                     describe(error), event.attempts});
    return state;
}

std::chrono::seconds inbox_backoff(const InboxPolicy& policy, std::int64_t attempts) {
    const auto doublings = std::clamp<std::int64_t>(attempts - 1, 0, 20);
    return std::min(policy.retry_max, policy.first_retry * (std::int64_t{1} << doublings));
}

constexpr std::string_view kRevive = R"sql(
    UPDATE inbox_events SET state = 'pending', attempts = 0, next_attempt_at = $2
     WHERE id = $1 AND state = 'dead'
)sql";

bool revive_event(sql::Transaction& tx, const InboxEventId& id, Instant now) {
    return tx.run(kRevive, {id, now}) > 0;
}

constexpr std::string_view kIsPending = R"sql(
    SELECT COUNT(*) FROM inbox_events WHERE id = $1 AND state = 'pending'
)sql";

bool event_is_pending(sql::Transaction& tx, const InboxEventId& id) {
    const auto row = tx.one(kIsPending, {id});
    return row && row->integer(0) > 0;
}

InboxCounts count_events(sql::Transaction& tx) {
    return {.pending = count_in(tx, InboxState::Pending), .dead = count_in(tx, InboxState::Dead)};
}

std::int64_t count_done_events(sql::Transaction& tx) { return count_in(tx, InboxState::Done); }

// Ids rise with time, so the primary key gives the order.
constexpr std::string_view kList = R"sql(
    SELECT id, provider, provider_event_id, type, CASE WHEN $4 = 1 THEN payload ELSE '' END, state,
           attempts, next_attempt_at, last_error, received_at, applied_at
      FROM inbox_events
     WHERE ($1 = '' OR id < $1) AND ($2 = '' OR state = $2)
     ORDER BY id DESC
     LIMIT $3
)sql";

std::vector<InboxEvent> list_inbox_events(sql::Transaction& tx, const InboxFilter& filter,
                                          Payloads payloads) {
    const auto state = filter.state ? to_text(*filter.state) : std::string_view();
    const int load = payloads == Payloads::Load ? 1 : 0;
    return from_rows(tx.all(kList, {filter.before, state, filter.fetch, load}));
}

constexpr std::string_view kFind = R"sql(
    SELECT id, provider, provider_event_id, type, payload, state, attempts, next_attempt_at,
           last_error, received_at, applied_at
      FROM inbox_events
     WHERE id = $1
)sql";

std::optional<InboxEvent> find_inbox_event(sql::Transaction& tx, const InboxEventId& id) {
    const auto row = tx.one(kFind, {id});
    if (!row) return std::nullopt;
    return from_row(*row);
}

}  // namespace turnpike
