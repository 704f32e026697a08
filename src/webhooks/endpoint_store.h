#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "sql/sql.h"
#include "webhooks/endpoint.h"

namespace turnpike {

void insert_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint);
/// What can change. \return false when somebody else has changed it first
bool save_endpoint(sql::Transaction& tx, const WebhookEndpoint& endpoint, Instant now);
/// With its deliveries and their attempts.
void delete_endpoint(sql::Transaction& tx, const WebhookEndpointId& id);
std::optional<WebhookEndpoint> load_endpoint(sql::Transaction& tx, const WebhookEndpointId& id);
std::vector<WebhookEndpoint> enabled_endpoints(sql::Transaction& tx);
std::int64_t count_endpoints(sql::Transaction& tx);

/// Endpoints, or destinations of alerts; newest first.
enum class EndpointsOf : bool { Events, Alerts };
std::vector<WebhookEndpoint> list_endpoints(sql::Transaction& tx, EndpointsOf which,
                                            const PageQuery& page);

/// Leaves it alone until then, or until later where that was said before.
void pause_endpoint(sql::Transaction& tx, const WebhookEndpointId& id, Instant until);

}  // namespace turnpike
