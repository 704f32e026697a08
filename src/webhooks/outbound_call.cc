#include "webhooks/outbound_call.h"

#include <utility>

#include "json/value.h"
#include "webhooks/alert_text.h"
#include "webhooks/endpoint_secrets.h"

namespace turnpike {
namespace {

Json data_of(const std::string& body) {
    const auto event = parse_json(body);
    return event && event->contains("data") ? event->at("data") : Json::object();
}

std::string line_for(const ClaimedDelivery& claimed) {
    return alert_text(claimed.delivery.event_type, data_of(claimed.body));
}

/// Slack reads "<" and "&" as the beginning of its own marks.
std::string slack_text(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '&')
            escaped += "&amp;";
        else if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else
            escaped += c;
    }
    return escaped;
}

}  // namespace

Result<http::Call> call_of(const ClaimedDelivery& claimed, const SecretBox& box, Instant at,
                           std::chrono::milliseconds timeout) {
    const WebhookEndpoint& endpoint = claimed.endpoint;
    auto url = url_of(endpoint, box);
    if (!url) return failure(url);
    http::Call call{.method = http::Method::Post,
                    .url = *std::move(url),
                    .headers = {{"Content-Type", "application/json"}},
                    .body = claimed.body,
                    .timeout = timeout,
                    .reply_bytes_max = kDeliveryReplyBytesMax,
                    .long_reply = http::LongReply::Cut};
    if (!is_signed(endpoint.kind)) {
        call.body = to_text(Json{{"text", slack_text(line_for(claimed))}});
        return call;
    }
    const std::string& id = claimed.delivery.event.text();
    auto signature = signatures(endpoint, box, id, claimed.body, at);
    if (!signature) return failure(signature);
    call.headers.emplace_back("webhook-id", id);
    call.headers.emplace_back("webhook-timestamp", std::to_string(unix_seconds(at)));
    call.headers.emplace_back("webhook-signature", *std::move(signature));
    return call;
}

AlertMail mail_of(const ClaimedDelivery& claimed) {
    std::string line = line_for(claimed);
    const std::string subject = line.substr(0, line.find(':'));
    return {.to = claimed.endpoint.target,
            .subject = subject,
            .text = std::move(line),
            .id = claimed.delivery.event.text()};
}

}  // namespace turnpike
