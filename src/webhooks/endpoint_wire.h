#pragma once

#include <chrono>
#include <vector>

#include "base/error.h"
#include "json/json.h"
#include "webhooks/delivery.h"
#include "webhooks/endpoint.h"
#include "webhooks/endpoint_service.h"

namespace turnpike {

/// {"object": "webhook_endpoint" or "alert_destination", ...}, never with a secret.
Json write_endpoint(const WebhookEndpoint& endpoint);
Json write_delivery(const WebhookDelivery& delivery);
Json write_attempt(const DeliveryAttempt& attempt);

/// Shapes only. Errors: InvalidArgument "request.invalid_body".
Result<EndpointDraft> read_endpoint_draft(const Json& body);
Result<EndpointDraft> read_destination_draft(const Json& body);
Result<EndpointPatch> read_endpoint_patch(const Json& body, EndpointKind kind);
Result<std::chrono::hours> read_rotation(const Json& body);

struct ReplayRequest {
    Period range;
    ReplayOf what = ReplayOf::Undelivered;
};
/// \param now  where the span ends unless the body says so
Result<ReplayRequest> read_replay(const Json& body, Instant now);

}  // namespace turnpike
