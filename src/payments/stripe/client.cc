#include "payments/stripe/client.h"

#include <algorithm>
#include <cctype>

#include "payments/stripe/verdict.h"

namespace turnpike::stripe {
namespace {

bool is_key_text(std::string_view key) {
    const bool secret = key.starts_with("sk_") || key.starts_with("rk_");
    const auto mode = key.substr(std::min<std::size_t>(3, key.size()));
    const bool known = mode.starts_with("test_") || mode.starts_with("live_");
    return secret && known && key.size() > 8 && key.size() <= 255 &&
           std::ranges::all_of(key, [](char c) {
               return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
           });
}

void dress(http::Call& request, const ProviderCall& call, const std::string& secret_key) {
    request.headers = {{"Authorization", "Bearer " + secret_key},
                       {"Stripe-Version", std::string(kApiVersion)},
                       {"Accept", "application/json"}};
    if (call.method == http::Method::Post) {
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        request.body = call.parameters;
        if (call.idempotency_key)
            request.headers.emplace_back("Idempotency-Key", *call.idempotency_key);
    } else if (!call.parameters.empty()) {
        request.url += "?" + call.parameters;
    }
}

}  // namespace

Result<std::monostate> check_config(const ClientConfig& config) {
    if (!is_key_text(config.secret_key))
        return invalid_argument("stripe.bad_key",
                                "the Stripe key must look like sk_test_... or sk_live_...");
    if (!is_base_url(config.base_url))
        return invalid_argument(
            "stripe.bad_base_url",
            "the Stripe base URL must be http(s)://host[:port] and nothing more");
    if (is_live_key(config.secret_key) && !config.base_url.starts_with("https://"))
        return invalid_argument("stripe.live_key_in_clear",
                                "a live Stripe key is never sent over plain http");
    return std::monostate{};
}

bool is_live_key(std::string_view secret_key) {
    return secret_key.starts_with("sk_live_") || secret_key.starts_with("rk_live_");
}

Wire wire_of(const ClientConfig& config) {
    auto dress_it = [key = config.secret_key](http::Call& request, const ProviderCall& call) {
        dress(request, call, key);
    };
    return {.dress = std::move(dress_it), .judge = judge};
}

}  // namespace turnpike::stripe
