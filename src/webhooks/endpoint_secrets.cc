#include "webhooks/endpoint_secrets.h"

#include "base/check.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::size_t kEndpointSecretBytes = 32;
constexpr std::size_t kShownOfUrl = 4;

Result<EndpointSecret> open_signing(std::string_view column, const WebhookEndpoint& endpoint,
                                    std::string_view sealed, const SecretBox& box) {
    const auto opened = box.open({column, endpoint.id.text()}, sealed);
    if (!opened) return failure(opened);
    return EndpointSecret::parse(opened->reveal());
}

}  // namespace

std::string give_secret(WebhookEndpoint& endpoint, const SecretBox& box) {
    const auto secret = EndpointSecret::of_bytes(random_bytes(kEndpointSecretBytes));
    endpoint.sealed_secret =
        box.seal({kEndpointSecretColumn, endpoint.id.text()}, Secret(secret.text()));
    return secret.text();
}

Result<std::string> replace_secret(WebhookEndpoint& endpoint, Instant previous_until,
                                   const SecretBox& box) {
    const auto old = box.open({kEndpointSecretColumn, endpoint.id.text()}, endpoint.sealed_secret);
    if (!old) return failure(old);
    endpoint.sealed_previous = box.seal({kEndpointPreviousColumn, endpoint.id.text()}, *old);
    endpoint.previous_until = previous_until;
    return give_secret(endpoint, box);
}

void hide_url(WebhookEndpoint& endpoint, const std::string& url, const SecretBox& box) {
    endpoint.sealed_secret = box.seal({kEndpointSecretColumn, endpoint.id.text()}, Secret(url));
    const auto host_end = std::min(url.find('/', url.find("://") + 3), url.size());
    endpoint.target =
        url.substr(0, host_end) + "/..." +
        url.substr(std::max(host_end, url.size() - std::min(url.size(), kShownOfUrl)));
}

Result<std::string> signatures(const WebhookEndpoint& endpoint, const SecretBox& box,
                               const std::string& id, std::string_view body, Instant at) {
    const auto secret = open_signing(kEndpointSecretColumn, endpoint, endpoint.sealed_secret, box);
    if (!secret) return failure(secret);
    std::string list = secret->sign(id, at, body);
    if (endpoint.sealed_previous.empty() || at >= endpoint.previous_until) return list;
    const auto previous =
        open_signing(kEndpointPreviousColumn, endpoint, endpoint.sealed_previous, box);
    if (!previous) return failure(previous);
    return list.append(" ").append(previous->sign(id, at, body));
}

Result<std::string> url_of(const WebhookEndpoint& endpoint, const SecretBox& box) {
    if (endpoint.kind != EndpointKind::AlertSlack) return endpoint.target;
    const auto url = box.open({kEndpointSecretColumn, endpoint.id.text()}, endpoint.sealed_secret);
    if (!url) return failure(url);
    return url->reveal();
}

}  // namespace turnpike
