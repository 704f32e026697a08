#include "app/serving/providers.h"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "app/serving/process_metrics.h"
#include "base/check.h"

namespace turnpike {
namespace {

ProviderCondition condition_of(const PaymentProvider& provider, const ClientHealth& health) {
    return {.name = std::string(provider.name()),
            .breaker = std::string(to_text(health.breaker)),
            .last_success = health.last_success,
            .last_failure = health.last_failure,
            .last_problem = health.last_problem};
}

void log_settled(std::string_view provider, const Result<SettledIntents>& settled) {
    if (!settled)
        spdlog::warn("event=intents.unsettled provider={} reason={}", provider,
                     settled.error().reason.text());
    else if (settled->found + settled->absent > 0)
        spdlog::warn("event=intents.settled provider={} found={} absent={} open={}", provider,
                     settled->found, settled->absent, settled->open);
}

}  // namespace

stripe::ClientConfig stripe_client_config(const Config& config) {
    stripe::ClientConfig client;
    client.secret_key = config.stripe_secret_key;
    client.base_url = config.stripe_api_base;
    return client;
}

razorpay::ClientConfig razorpay_client_config(const Config& config) {
    razorpay::ClientConfig client;
    client.key_id = config.razorpay_key_id;
    client.key_secret = config.razorpay_key_secret;
    client.base_url = config.razorpay_api_base;
    return client;
}

Providers::Providers(const Config& config, http::Client& http, IntentWorld world,
                     http::Metrics& metrics) {
    if (config.has_stripe()) {
        auto made = stripe::Provider::create(stripe_client_config(config), http, world,
                                             provider_metrics(metrics, stripe::kProviderName));
        check(made.has_value(), "a checked Stripe configuration is accepted");
        stripe_ = *std::move(made);
    }
    if (config.has_razorpay()) {
        auto made = razorpay::Provider::create(razorpay_client_config(config), http, world,
                                               provider_metrics(metrics, razorpay::kProviderName));
        check(made.has_value(), "a checked Razorpay configuration is accepted");
        razorpay_ = *std::move(made);
    }
}

std::vector<PaymentProvider*> Providers::all() const {
    std::vector<PaymentProvider*> providers;
    if (stripe_) providers.push_back(stripe_.get());
    if (razorpay_) providers.push_back(razorpay_.get());
    return providers;
}

std::vector<ProviderCondition> Providers::conditions() const {
    std::vector<ProviderCondition> conditions;
    if (stripe_) conditions.push_back(condition_of(*stripe_, stripe_->client_health()));
    if (razorpay_) conditions.push_back(condition_of(*razorpay_, razorpay_->client_health()));
    return conditions;
}

asio::awaitable<void> Providers::settle_unknown(int limit) {
    if (stripe_) log_settled(stripe_->name(), co_await stripe_->settle_unknown(limit));
    if (razorpay_) log_settled(razorpay_->name(), co_await razorpay_->settle_unknown(limit));
}

}  // namespace turnpike
