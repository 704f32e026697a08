#include "app/serving/webhook_endpoints.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "payments/stripe/client.h"
#include "webhooks/api.h"
#include "webhooks/razorpay_events.h"
#include "webhooks/stripe_events.h"

namespace turnpike {

Result<WebhookSigners> webhook_signers(const Config& config) {
    WebhookSigners signers;
    if (config.has_stripe()) {
        auto secrets = WebhookSecrets::create(config.stripe_webhook_secrets);
        if (!secrets) return failure(secrets);
        signers.stripe = *std::move(secrets);
    }
    if (config.has_razorpay()) {
        auto secrets = WebhookSecrets::create(config.razorpay_webhook_secrets);
        if (!secrets) return failure(secrets);
        signers.razorpay = *std::move(secrets);
    }
    return signers;
}

WebhookEndpoints::WebhookEndpoints(ReceiverWorld world, const Config& config,
                                   WebhookSigners signers, const WebhookMetrics& metrics,
                                   const std::function<void()>& stored) {
    const auto mode =
        stripe::is_live_key(config.stripe_secret_key) ? ProviderMode::Live : ProviderMode::Test;
    if (signers.stripe)
        receivers_.emplace_back(world,
                                std::make_unique<StripeEvents>(*std::move(signers.stripe), mode),
                                metrics, stored);
    if (signers.razorpay)
        receivers_.emplace_back(world,
                                std::make_unique<RazorpayEvents>(*std::move(signers.razorpay),
                                                                 config.razorpay_account_id),
                                metrics, stored);
}

WebhookReceiver* WebhookEndpoints::at(std::string_view path) {
    const auto found = std::ranges::find(receivers_, provider_at(path), &WebhookReceiver::provider);
    return found == receivers_.end() ? nullptr : &*found;
}

asio::awaitable<Result<http::Response>> WebhookEndpoints::receive(const http::Request& request) {
    auto* receiver = at(request.path);
    if (receiver == nullptr)
        co_return not_found("webhook.no_provider", "this server does not bill through " +
                                                       std::string(provider_at(request.path)));
    co_return co_await receiver->receive(request);
}

void WebhookEndpoints::refused_unread(const http::Request& request) {
    if (auto* receiver = at(request.path)) receiver->refused_unread(request);
}

void WebhookEndpoints::write_due_refusals() {
    for (auto& receiver : receivers_) receiver.write_due_refusals();
}

void WebhookEndpoints::write_all_refusals() {
    for (auto& receiver : receivers_) receiver.write_all_refusals();
}

std::int64_t WebhookEndpoints::signature_failures() const {
    std::int64_t failures = 0;
    for (const auto& [provider, of_one] : failures_by_provider()) failures += of_one;
    return failures;
}

std::map<std::string, std::int64_t> WebhookEndpoints::failures_by_provider() const {
    std::map<std::string, std::int64_t> failures;
    for (const auto& receiver : receivers_)
        failures[std::string(receiver.provider())] += receiver.signature_failures();
    return failures;
}

}  // namespace turnpike
