#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "app/config/config.h"
#include "base/error.h"
#include "http/message.h"
#include "webhooks/receiver.h"

namespace turnpike {

/// Who may sign; of providers that are not configured, absent.
struct WebhookSigners {
    std::optional<WebhookSecrets> stripe, razorpay;
};
/// Errors: those of WebhookSecrets::create.
Result<WebhookSigners> webhook_signers(const Config& config);

/// The webhook endpoints of the providers that are configured. Thread-safe.
class WebhookEndpoints {
public:
    /// `stored` as of WebhookReceiver.
    WebhookEndpoints(ReceiverWorld world, const Config& config, WebhookSigners signers,
                     const WebhookMetrics& metrics, const std::function<void()>& stored);

    /// Of the provider whose path was asked for.
    /// Errors: WebhookReceiver::receive's; NotFound "webhook.no_provider" when it is not
    /// configured.
    asio::awaitable<Result<http::Response>> receive(const http::Request& request);

    // As of each receiver.
    void refused_unread(const http::Request& request);
    void write_due_refusals();
    void write_all_refusals();
    [[nodiscard]] std::int64_t signature_failures() const;
    /// "stripe" and how many of signature_failures were of its endpoint, ..
    [[nodiscard]] std::map<std::string, std::int64_t> failures_by_provider() const;

private:
    WebhookReceiver* at(std::string_view path);
    std::deque<WebhookReceiver> receivers_;
};

}  // namespace turnpike
