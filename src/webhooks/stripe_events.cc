#include "webhooks/stripe_events.h"

#include <utility>

#include "json/value.h"
#include "webhooks/stripe_signature.h"

namespace turnpike {

StripeEvents::StripeEvents(WebhookSecrets secrets, ProviderMode mode)
    : secrets_(std::move(secrets)), mode_(mode) {}

std::optional<SignatureFault> StripeEvents::fault_of(const http::Request& request,
                                                     Instant now) const {
    const std::string* given = request.header(header());
    const auto checked =
        check_stripe_signature(given != nullptr ? *given : "", request.body, secrets_, now);
    if (const auto* fault = std::get_if<SignatureFault>(&checked)) return *fault;
    return std::nullopt;
}

Result<NewInboxEvent> StripeEvents::read(const http::Request& request) const {
    const auto json = parse_json(request.body);
    if (!json || !json->is_object()) return not_an_event("not a JSON object");
    if (name_in(*json, "object") != "event") return not_an_event("\"object\" is not \"event\"");
    auto id = name_in(*json, "id");
    auto type = name_in(*json, "type");
    if (!id || !type) return not_an_event("no id or no type");
    const auto live = json->find("livemode");
    if (live == json->end() || !live->is_boolean()) return not_an_event("no livemode");
    if (live->get<bool>() != (mode_ == ProviderMode::Live))
        return invalid_argument("webhook.wrong_mode", live->get<bool>()
                                                          ? "a live event at a test server"
                                                          : "a test event at a live server");
    return NewInboxEvent{.provider = std::string(provider()),
                         .provider_event_id = *std::move(id),
                         .type = *std::move(type),
                         .payload = request.body};
}

}  // namespace turnpike
