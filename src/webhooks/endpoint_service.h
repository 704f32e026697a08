#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "base/error.h"
#include "crypto/secret_box.h"
#include "http/address_guard.h"
#include "sql/sql.h"
#include "webhooks/delivery.h"
#include "webhooks/endpoint.h"
#include "webhooks/endpoint_store.h"

namespace turnpike {

inline constexpr std::int64_t kEndpointsMax = 50;
inline constexpr int kReplayEventsMax = 10'000;
inline constexpr std::int64_t kOverlapHoursMax = 168;

/// What every change of an endpoint needs.
struct EndpointDesk {
    const SecretBox& box;
    const http::AddressGuard& guard;
    bool sends_mail;  ///< whether e-mail is configured
    Authority authority;
    Instant now;
    IdSource& ids;
};

struct EndpointDraft {
    EndpointKind kind = EndpointKind::Endpoint;
    std::string target;
    std::string description;
    std::vector<std::string> events;
};

struct EndpointPatch {
    std::optional<std::string> target;
    std::optional<std::string> description;
    std::optional<std::vector<std::string>> events;
};

/// A secret that is shown once; "" where nothing is signed.
struct EndpointWithSecret {
    WebhookEndpoint endpoint;
    std::string secret;
};

/// Errors: Unprocessable "http.forbidden_target", "webhook.unknown_event",
///         "webhook.bad_mail_address"; Conflict "webhook.too_many_endpoints", "webhook.no_mail".
Result<EndpointWithSecret> create_endpoint(sql::Transaction& tx, const EndpointDraft& draft,
                                           const EndpointDesk& desk);

/// An endpoint is found as one of its listing only: a destination of alerts is no endpoint.
/// Errors: NotFound "webhook.endpoint_not_found".
Result<WebhookEndpoint> find_endpoint(sql::Transaction& tx, EndpointsOf which,
                                      const WebhookEndpointId& id);

/// Errors: those of create_endpoint; Conflict "webhook.endpoint_changed".
Result<WebhookEndpoint> change_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                        const EndpointPatch& patch, const EndpointDesk& desk);
/// Enabling ends a pause, and sends what has waited. Doing it again changes nothing.
Result<WebhookEndpoint> enable_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                        const EndpointDesk& desk);
Result<WebhookEndpoint> disable_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                         const EndpointDesk& desk);
Result<std::monostate> remove_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                       const EndpointDesk& desk);
/// A new secret; until `overlap` has passed the one before signs too.
/// Errors: Conflict "webhook.not_signed" where nothing is signed.
Result<EndpointWithSecret> rotate_secret(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                         std::chrono::hours overlap, const EndpointDesk& desk);

/// Sends a "webhook_endpoint.test" to this endpoint alone, whatever it asks for.
/// Errors: Conflict "webhook.endpoint_disabled".
Result<WebhookDelivery> send_test(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                  const EndpointDesk& desk);

/// Sends it again, under the same id. Errors: Conflict "webhook.endpoint_disabled",
/// "webhook.delivery_pending"; NotFound "webhook.delivery_not_found".
Result<WebhookDelivery> replay_delivery(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                        const WebhookDeliveryId& id, const EndpointDesk& desk);

enum class ReplayOf : bool { Undelivered, All };
/// Sends again what happened in a span of time and the endpoint asks for: what it never got, or
/// everything. \return how many deliveries wait because of it
/// Errors: Conflict "webhook.endpoint_disabled"; Unprocessable "webhook.range_too_large".
Result<std::int64_t> replay_range(sql::Transaction& tx, const WebhookEndpoint& endpoint,
                                  const Period& range, ReplayOf what, const EndpointDesk& desk);

/// What the worker does when it gives an endpoint up: disabled, on record, and told to the others.
void stop_endpoint(sql::Transaction& tx, const WebhookEndpointId& id, EndpointStop why,
                   const EndpointDesk& desk);

}  // namespace turnpike
