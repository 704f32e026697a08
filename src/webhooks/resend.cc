#include "webhooks/resend.h"

namespace turnpike {

Result<InboxEvent> resend_event(sql::Transaction& tx, const std::string& id,
                                const Authority& authority, Instant now, IdSource& ids) {
    const auto named = InboxEventId::parse(id);
    auto event = named ? find_inbox_event(tx, *named) : std::nullopt;
    if (!event) return not_found("webhook.event_not_found", "there is no such event");
    if (!revive_event(tx, event->id, now))
        return conflict("webhook.event_not_dead",
                        "only an event that was given up is tried again by hand");
    record(tx,
           {.at = now,
            .actor = authority.actor,
            .action = "webhook_event.resent",
            .object_id = event->id.text(),
            .customer = "",
            .request_id = authority.request_id,
            .detail = Json{{"provider", event->provider}, {"type", event->type}}},
           ids);
    event->state = InboxState::Pending;
    event->attempts = 0;
    event->next_attempt_at = now;
    return *std::move(event);
}

}  // namespace turnpike
