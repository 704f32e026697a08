#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "crypto/secret_box.h"
#include "webhooks/endpoint.h"
#include "webhooks/standard_signature.h"

namespace turnpike {

/// The one place where endpoints' secrets are sealed and opened.
inline constexpr std::string_view kEndpointSecretColumn = "webhook_endpoints.sealed_secret";
inline constexpr std::string_view kEndpointPreviousColumn = "webhook_endpoints.sealed_previous";

/// A new signing secret, sealed into the endpoint; the text is to be shown once.
std::string give_secret(WebhookEndpoint& endpoint, const SecretBox& box);
/// The same, and what there was signs until `previous_until`.
/// Errors: those of SecretBox::open.
Result<std::string> replace_secret(WebhookEndpoint& endpoint, Instant previous_until,
                                   const SecretBox& box);
/// Keeps a Slack URL, of which the endpoint then shows the end only.
void hide_url(WebhookEndpoint& endpoint, const std::string& url, const SecretBox& box);

/// The signatures of a message: one, or two while a secret is being replaced.
/// Errors: those of SecretBox::open.
Result<std::string> signatures(const WebhookEndpoint& endpoint, const SecretBox& box,
                               const std::string& id, std::string_view body, Instant at);
/// Where a message is sent. Errors: those of SecretBox::open.
Result<std::string> url_of(const WebhookEndpoint& endpoint, const SecretBox& box);

}  // namespace turnpike
