#include "webhooks/endpoint_service.h"

#include <algorithm>

#include "base/check.h"
#include "base/mail_address.h"
#include "json/value.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_secrets.h"
#include "webhooks/endpoint_store.h"
#include "webhooks/endpoint_wire.h"
#include "webhooks/event_types.h"

namespace turnpike {
namespace {

void note(sql::Transaction& tx, const WebhookEndpoint& endpoint, const char* action,
          const EndpointDesk& desk) {
    const std::string noun = is_alert(endpoint.kind) ? "alert_destination." : "webhook_endpoint.";
    record(tx,
           {.at = desk.now,
            .actor = desk.authority.actor,
            .action = noun + action,
            .object_id = endpoint.id.text(),
            .customer = "",
            .request_id = desk.authority.request_id},
           desk.ids);
}

Result<void> check_events(EndpointKind kind, const std::vector<std::string>& events) {
    for (const auto& event : events)
        if (is_alert(kind) ? !is_alert_pattern(event) : !is_event_pattern(event))
            return fail(ErrorCode::Unprocessable, "webhook.unknown_event",
                        "there is no event '" + event + "'; docs/webhooks.md lists them");
    return {};
}

Result<void> check_target(EndpointKind kind, const std::string& target, const EndpointDesk& desk) {
    if (kind == EndpointKind::AlertEmail) {
        if (!desk.sends_mail)
            return conflict("webhook.no_mail", "no mail server is configured: set smtp.url");
        if (!is_mail_address(target))
            return fail(ErrorCode::Unprocessable, "webhook.bad_mail_address",
                        "the target is no e-mail address");
        return {};
    }
    const auto good = desk.guard.check(target);
    if (!good) return failure(good);
    return {};
}

void point_to(WebhookEndpoint& endpoint, const std::string& target, const EndpointDesk& desk) {
    if (endpoint.kind == EndpointKind::AlertSlack)
        hide_url(endpoint, target, desk.box);
    else
        endpoint.target = target;
}

Result<WebhookEndpoint> save(sql::Transaction& tx, WebhookEndpoint endpoint, const char* action,
                             const EndpointDesk& desk) {
    if (!save_endpoint(tx, endpoint, desk.now))
        return conflict("webhook.endpoint_changed", "somebody else has changed it meanwhile");
    note(tx, endpoint, action, desk);
    ++endpoint.version;
    endpoint.updated_at = desk.now;
    return endpoint;
}

Result<void> check_enabled(const WebhookEndpoint& endpoint) {
    if (endpoint.stop == EndpointStop::None) return {};
    return conflict("webhook.endpoint_disabled", "it is disabled; enable it first");
}

WebhookDelivery delivery_of(sql::Transaction& tx, const WebhookEndpointId& endpoint,
                            const OutboxEventId& event) {
    auto delivery = find_delivery(tx, endpoint, event);
    check(delivery.has_value(), "a delivery that was written is there");
    return *std::move(delivery);
}

}  // namespace

Result<EndpointWithSecret> create_endpoint(sql::Transaction& tx, const EndpointDraft& draft,
                                           const EndpointDesk& desk) {
    if (const auto good = check_target(draft.kind, draft.target, desk); !good) return failure(good);
    if (const auto good = check_events(draft.kind, draft.events); !good) return failure(good);
    if (count_endpoints(tx) >= kEndpointsMax)
        return conflict("webhook.too_many_endpoints", "there are 50 endpoints and destinations");
    WebhookEndpoint endpoint{.id = desk.ids.make<WebhookEndpointId>(desk.now),
                             .kind = draft.kind,
                             .target = {},
                             .description = draft.description,
                             .events = draft.events,
                             .sealed_secret = {},
                             .sealed_previous = {},
                             .created_at = desk.now,
                             .updated_at = desk.now};
    point_to(endpoint, draft.target, desk);
    std::string secret = is_signed(draft.kind) ? give_secret(endpoint, desk.box) : std::string();
    insert_endpoint(tx, endpoint);
    note(tx, endpoint, "created", desk);
    return EndpointWithSecret{std::move(endpoint), std::move(secret)};
}

Result<WebhookEndpoint> find_endpoint(sql::Transaction& tx, EndpointsOf which,
                                      const WebhookEndpointId& id) {
    auto endpoint = load_endpoint(tx, id);
    if (!endpoint || is_alert(endpoint->kind) != (which == EndpointsOf::Alerts))
        return not_found("webhook.endpoint_not_found", "there is no such endpoint or destination");
    return *std::move(endpoint);
}

Result<WebhookEndpoint> change_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                        const EndpointPatch& patch, const EndpointDesk& desk) {
    WebhookEndpoint changed = endpoint;
    if (patch.target) {
        const auto good = check_target(endpoint.kind, *patch.target, desk);
        if (!good) return failure(good);
        point_to(changed, *patch.target, desk);
    }
    if (patch.events) {
        if (const auto good = check_events(endpoint.kind, *patch.events); !good)
            return failure(good);
        changed.events = *patch.events;
    }
    if (patch.description) changed.description = *patch.description;
    return save(tx, std::move(changed), "updated", desk);
}

Result<WebhookEndpoint> enable_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                        const EndpointDesk& desk) {
    if (endpoint.stop == EndpointStop::None && endpoint.paused_until <= desk.now) return endpoint;
    WebhookEndpoint changed = endpoint;
    changed.stop = EndpointStop::None;
    changed.paused_until = {};
    return save(tx, std::move(changed), "enabled", desk);
}

Result<WebhookEndpoint> disable_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                         const EndpointDesk& desk) {
    if (endpoint.stop != EndpointStop::None) return endpoint;
    WebhookEndpoint changed = endpoint;
    changed.stop = EndpointStop::ByHand;
    return save(tx, std::move(changed), "disabled", desk);
}

Result<std::monostate> remove_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                       const EndpointDesk& desk) {
    delete_endpoint(tx, endpoint.id);
    note(tx, endpoint, "deleted", desk);
    return std::monostate{};
}

Result<EndpointWithSecret> rotate_secret(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                         std::chrono::hours overlap, const EndpointDesk& desk) {
    if (!is_signed(endpoint.kind))
        return conflict("webhook.not_signed", "what is sent there is not signed");
    WebhookEndpoint changed = endpoint;
    auto secret = replace_secret(changed, desk.now + overlap, desk.box);
    if (!secret) return failure(secret);
    auto saved = save(tx, std::move(changed), "secret_rotated", desk);
    if (!saved) return failure(saved);
    return EndpointWithSecret{*std::move(saved), *std::move(secret)};
}

Result<WebhookDelivery> send_test(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                  const EndpointDesk& desk) {
    if (const auto good = check_enabled(endpoint); !good) return failure(good);
    const Json data = write_endpoint(endpoint);
    const auto event = store_event(tx,
                                   {.type = kEndpointTest,
                                    .object = endpoint.id.text(),
                                    .customer = "",
                                    .data = data,
                                    .at = desk.now},
                                   desk.ids);
    insert_delivery(tx, endpoint.id, event, {desk.ids, desk.now});
    return delivery_of(tx, endpoint.id, event.id);
}

Result<WebhookDelivery> replay_delivery(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                        const WebhookDeliveryId& id, const EndpointDesk& desk) {
    if (const auto good = check_enabled(endpoint); !good) return failure(good);
    const auto delivery = load_delivery(tx, endpoint.id, id);
    if (!delivery) return not_found("webhook.delivery_not_found", "there is no such delivery");
    if (!restart_delivery(tx, id, desk.now))
        return conflict("webhook.delivery_pending", "it is being sent already");
    return delivery_of(tx, endpoint.id, delivery->event);
}

Result<std::int64_t> replay_range(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                  const Period& range, ReplayOf what, const EndpointDesk& desk) {
    if (const auto good = check_enabled(endpoint); !good) return failure(good);
    const auto events = events_between(tx, range, kReplayEventsMax + 1);
    if (events.size() > kReplayEventsMax)
        return fail(ErrorCode::Unprocessable, "webhook.range_too_large",
                    "more than 10,000 events lie between; ask for a shorter span");
    std::int64_t waiting = 0;
    for (const auto& event : events) {
        if (!is_for(endpoint, event)) continue;
        if (insert_delivery(tx, endpoint.id, event, {desk.ids, desk.now})) {
            ++waiting;
            continue;
        }
        const auto known = delivery_of(tx, endpoint.id, event.id);
        if (known.state == DeliveryState::Delivered && what == ReplayOf::Undelivered) continue;
        if (restart_delivery(tx, known.id, desk.now)) ++waiting;
    }
    return waiting;
}

void stop_endpoint(sql::Transaction& tx, const WebhookEndpointId& id, EndpointStop why,
                   const EndpointDesk& desk) {
    auto endpoint = load_endpoint(tx, id);
    if (!endpoint || endpoint->stop != EndpointStop::None) return;
    endpoint->stop = why;
    const auto saved = save(tx, *std::move(endpoint), "disabled", desk);
    check(saved.has_value(), "what this transaction has loaded nobody else has changed");
    const Json data = write_endpoint(*saved);
    emit(tx,
         {.type = "webhook_endpoint.disabled",
          .object = id.text(),
          .customer = "",
          .data = data,
          .at = desk.now},
         desk.ids);
}

}  // namespace turnpike
