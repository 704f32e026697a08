#include "webhooks/razorpay_events.h"

#include <cstddef>
#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "webhooks/razorpay_signature.h"

namespace turnpike {
namespace {

constexpr std::size_t kEventIdBytesMax = 255;

/// As the header says; it may be absent, and proves nothing.
std::string told_id(const http::Request& request, const std::string& identity) {
    const std::string* header = request.header("x-razorpay-event-id");
    const bool usable = header != nullptr && !header->empty() && header->size() <= kEventIdBytesMax;
    return usable ? *header : identity;
}

}  // namespace

RazorpayEvents::RazorpayEvents(WebhookSecrets secrets, std::string account)
    : secrets_(std::move(secrets)), account_(std::move(account)) {}

std::optional<SignatureFault> RazorpayEvents::fault_of(const http::Request& request,
                                                       Instant /*now*/) const {
    const std::string* given = request.header(header());
    const auto checked =
        check_razorpay_signature(given != nullptr ? *given : "", request.body, secrets_);
    if (const auto* fault = std::get_if<SignatureFault>(&checked)) return *fault;
    return std::nullopt;
}

Result<NewInboxEvent> RazorpayEvents::read(const http::Request& request) const {
    const auto json = parse_json(request.body);
    if (!json || !json->is_object()) return not_an_event("not a JSON object");
    if (name_in(*json, "entity") != "event") return not_an_event("\"entity\" is not \"event\"");
    auto type = name_in(*json, "event");
    if (!type) return not_an_event("no name of an event");
    const auto account = name_in(*json, "account_id");
    if (!account_.empty() && account != account_)
        return invalid_argument("webhook.wrong_account", "an event of another account");
    const std::string identity = "sha256:" + to_hex(sha256(request.body));
    return NewInboxEvent{.provider = std::string(provider()),
                         .provider_event_id = told_id(request, identity),
                         .type = *std::move(type),
                         .payload = request.body,
                         .identity = identity};
}

}  // namespace turnpike
