#include "payments/razorpay/client.h"

#include <algorithm>
#include <cctype>

#include "base/encoding.h"
#include "json/value.h"

namespace turnpike::razorpay {
namespace {

constexpr std::size_t kPrefixBytes = std::string_view("rzp_test_").size();
constexpr std::size_t kTextMax = 255;

bool is_key_id(std::string_view key) {
    const bool known = key.starts_with("rzp_test_") || key.starts_with("rzp_live_");
    return known && key.size() > kPrefixBytes && key.size() <= kTextMax &&
           std::ranges::all_of(key.substr(kPrefixBytes), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0;
           });
}

bool is_secret(std::string_view secret) {
    return !secret.empty() && secret.size() <= kTextMax && std::ranges::all_of(secret, [](char c) {
        return std::isgraph(static_cast<unsigned char>(c)) != 0;
    });
}

void dress(http::Call& request, const ProviderCall& call, const std::string& credentials) {
    request.headers = {{"Authorization", "Basic " + credentials}, {"Accept", "application/json"}};
    const bool asks = call.method == http::Method::Get || call.method == http::Method::Delete;
    if (asks && !call.parameters.empty()) request.url += "?" + call.parameters;
    if (asks) return;
    request.headers.emplace_back("Content-Type", call.parameters.empty()
                                                     ? "application/x-www-form-urlencoded"
                                                     : "application/json");
    request.body = call.parameters;
    // The only writes whose repetition Razorpay recognizes.
    if (call.idempotency_key && call.path.ends_with("/refund"))
        request.headers.emplace_back("X-Refund-Idempotency", *call.idempotency_key);
}

ReplyVerdict judge_status(int status, const std::optional<Json>& error) {
    if (status >= 500) return {.may_have_happened = true, .peer_is_failing = true};
    // Turned away at the door.
    if (status == 429) return {.peer_is_failing = true};
    if (!error) return {.may_have_happened = true, .peer_is_failing = true};
    if (status == 401 || status == 403) return {.finality = Finality::NotNow};
    // Another request about the same object runs now.
    if (status == 409) return {.may_have_happened = true};
    // The bank, or Razorpay itself, has failed in the middle of the work.
    const auto code = text_member(*error, "code");
    if (code == "GATEWAY_ERROR" || code == "SERVER_ERROR")
        return {.may_have_happened = true, .peer_is_failing = code == "SERVER_ERROR"};
    if (status >= 400) return {.finality = Finality::Refused};
    return {.may_have_happened = true, .peer_is_failing = true};
}

/// What was deleted answers [].
bool is_answer(const Json& body) { return body.is_object() || (body.is_array() && body.empty()); }

constexpr ReplyRules kRules{.provider = "Razorpay",
                            .message = "description",
                            .is_answer = is_answer,
                            .judge_status = judge_status};

}  // namespace

Result<std::monostate> check_config(const ClientConfig& config) {
    if (!is_key_id(config.key_id))
        return invalid_argument("razorpay.bad_key",
                                "the Razorpay key id must look like rzp_test_... or rzp_live_...");
    if (!is_secret(config.key_secret))
        return invalid_argument("razorpay.bad_secret",
                                "the Razorpay key secret is empty or not a secret");
    if (!is_base_url(config.base_url))
        return invalid_argument(
            "razorpay.bad_base_url",
            "the Razorpay base URL must be http(s)://host[:port] and nothing more");
    if (is_live_key(config.key_id) && !config.base_url.starts_with("https://"))
        return invalid_argument("razorpay.live_key_in_clear",
                                "a live Razorpay key is never sent over plain http");
    return std::monostate{};
}

bool is_live_key(std::string_view key_id) { return key_id.starts_with("rzp_live_"); }

Wire wire_of(const ClientConfig& config) {
    const auto credentials = to_base64(config.key_id + ":" + config.key_secret);
    auto dress_it = [credentials](http::Call& request, const ProviderCall& call) {
        dress(request, call, credentials);
    };
    return {
        .dress = std::move(dress_it), .judge = judge, .secrets = {config.key_secret, credentials}};
}

ReplyVerdict judge(const Result<http::Reply>& reply) { return judge_reply(reply, kRules); }

}  // namespace turnpike::razorpay
