#include "sandbox/stripe/webhooks/secrets.h"

#include <array>
#include <cstdint>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/webhooks/webhooks.h"

namespace turnpike::twin {
namespace {

constexpr std::int64_t kOldSecretSecondsMax = 86'400;

Answer roll_secret(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto expires_in = params.integer("expires_in").value_or(0);
    if (expires_in < 0 || expires_in > kOldSecretSecondsMax)
        params.complain(bad_param("expires_in", "parameter_invalid_integer",
                                  "The old secret can live for 0 to 86400 seconds."));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("webhook_endpoint");
    auto endpoint = ctx.find(kWebhookEndpointKind, id);
    if (!endpoint) return no_such_object("webhook endpoint", id);

    (*endpoint)["_old_secret"] = endpoint->at("_secret");
    (*endpoint)["_old_secret_until"] = unix_seconds(ctx.now()) + expires_in;
    (*endpoint)["_secret"] = ctx.new_id("whsec");
    ctx.put(*endpoint);
    (*endpoint)["secret"] = endpoint->at("_secret");  // shown once
    return *std::move(endpoint);
}

constexpr auto kOperations = std::to_array<OperationRoute>({
    {"POST", "/_sandbox/webhook_endpoints/{webhook_endpoint}/roll_secret", roll_secret},
});

}  // namespace

std::vector<std::string> live_secrets(const Json& endpoint, Instant now) {
    std::vector secrets{text_of(endpoint, "_secret")};
    const auto until = instant_of(endpoint, "_old_secret_until");
    if (until && now < *until) secrets.push_back(text_of(endpoint, "_old_secret"));
    return secrets;
}

const Feature& webhook_secret_feature() {
    static constexpr Feature kFeature{.operations = kOperations};
    return kFeature;
}

}  // namespace turnpike::twin
