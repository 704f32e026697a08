#include "sandbox/stripe/calls/auth.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/encoding.h"
#include "base/letter_case.h"
#include "base/time.h"
#include "sandbox/stripe/calls/answer.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/versions/api_versions.h"
#include "sandbox/stripe/versions/version_steps.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kSecretPrefix = "sk_test_";
constexpr std::string_view kPublishablePrefix = "pk_test_";
constexpr std::size_t kKeyLengthMax = 255;
/// The first one with paths below "/v2/".
constexpr std::string_view kOldestVersion2 = "2024-09-30.acacia";

Refusal unauthorized(const std::string& message) {
    StripeError error;
    error.http_status = 401;
    error.message = message;
    return Refusal(error);
}

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The scheme's name in any case, then one space.
std::optional<std::string_view> after_scheme(std::string_view header, std::string_view scheme) {
    if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return std::nullopt;
    if (!equal_ignoring_case(header.substr(0, scheme.size()), scheme)) return std::nullopt;
    return header.substr(scheme.size() + 1);
}

std::optional<std::string> given_key(const http::Request& request) {
    const auto* header = request.header("Authorization");
    if (header == nullptr) return std::nullopt;
    if (const auto bearer = after_scheme(*header, "bearer")) return std::string(*bearer);
    if (const auto basic = after_scheme(*header, "basic")) {
        const auto pair = from_base64(*basic);
        if (pair) return pair->substr(0, pair->find(':'));
    }
    return std::nullopt;
}

/// `prefix` and letters and digits.
bool is_key(std::string_view key, std::string_view prefix) {
    return key.starts_with(prefix) && key.size() > prefix.size() && key.size() <= kKeyLengthMax &&
           std::ranges::all_of(key.substr(prefix.size()), is_letter_or_digit);
}

bool is_digit_at(std::string_view text, std::size_t at) {
    return text[at] >= '0' && text[at] <= '9';
}

/// "2025-03-31", "2026-02-25.clover".
bool is_version(std::string_view text) {
    if (text.size() < 10) return false;
    for (const std::size_t at : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U})
        if (!is_digit_at(text, at)) return false;
    if (text[4] != '-' || text[7] != '-') return false;
    if (text.size() == 10) return true;
    return text[10] == '.' && text.size() > 11 && text.size() <= 40 &&
           std::ranges::all_of(text.substr(11), [](char c) {
               return is_letter_or_digit(c) || c == '_' || c == '.' || c == '=' || c == ';' ||
                      c == '-' || c == ' ';
           });
}

/// Newer versions than the ones that are listed may have been, on a day that there is.
bool has_been(std::string_view version) {
    const bool newer = !is_older(version, api_versions().back()) &&
                       parse_rfc3339(std::string(version.substr(0, 10)) + "T00:00:00Z").has_value();
    return newer || std::ranges::any_of(api_versions(), [&](std::string_view known) {
               return !is_older(known, version) && !is_older(version, known);
           });
}

}  // namespace

std::string masked_key(std::string_view key) {
    constexpr std::size_t kShown = 4;
    const auto first = key.find('_');
    const auto second = first == std::string_view::npos ? first : key.find('_', first + 1);
    const auto head = second == std::string_view::npos ? 0 : second + 1;
    const auto rest = key.size() - head;
    if (rest <= kShown) return std::string(key.substr(0, head)) + std::string(rest, '*');
    return std::string(key.substr(0, head)) + std::string(rest - kShown, '*') +
           std::string(key.substr(key.size() - kShown));
}

Outcome<std::string> bearer_token(const http::Request& request) {
    const auto key = given_key(request);
    if (!key || key->empty())
        return unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at "
            "https://support.stripe.com/.");
    return *key;
}

Outcome<std::string> authenticate(const http::Request& request) {
    const auto key = bearer_token(request);
    if (!key) return key;
    if (key->starts_with(kPublishablePrefix)) {
        StripeError error;
        error.http_status = 403;
        error.code = "secret_key_required";
        error.message =
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.";
        return Refusal(error);
    }
    if (!is_key(*key, kSecretPrefix))
        return unauthorized("Invalid API Key provided: " + masked_key(*key));
    return *key;
}

bool has_publishable_key(const http::Request& request) {
    return is_key(given_key(request).value_or(""), kPublishablePrefix);
}

static Refusal never_heard_of(const std::string& version) {
    auto refusal = bad_param("", "", "Invalid Stripe API version: " + version);
    refusal.error().extra = unlogged();
    return refusal;
}

Outcome<std::string> negotiate_version(const http::Request& request) {
    const auto* version = request.header("Stripe-Version");
    if (version == nullptr) return std::string(kApiVersion);
    const auto oldest = request.path.starts_with("/v2/") ? kOldestVersion2 : kOldestVersion;
    if (is_version(*version) && !is_older(*version, oldest) && has_been(*version)) return *version;
    if (!is_version(*version) || !has_been(*version)) return never_heard_of(*version);
    return bad_param("", "",
                     "This sandbox answers Stripe's versions from " + std::string(oldest) +
                         " on, not " + *version + "; newer ones than its own in the shapes of " +
                         std::string(kApiVersion) + ".");
}

Outcome<std::string> refuse_connected_account(const http::Request& request,
                                              std::string_view secret_key) {
    for (const std::string_view name : {"Stripe-Account", "Stripe-Context"}) {
        const auto* account = request.header(name);
        if (account == nullptr || account->empty()) continue;
        StripeError error;
        error.http_status = 403;
        error.code = "account_invalid";
        error.message = "The provided key '" + masked_key(secret_key) +
                        "' does not have access to account '" + *account +
                        "' (or that account does not exist). Application access may have been "
                        "revoked.";
        return Refusal(error);
    }
    return std::string();
}

}  // namespace turnpike::twin
