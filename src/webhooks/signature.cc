#include "webhooks/signature.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace turnpike {
namespace {

constexpr std::size_t kSecretBytesMin = 8;
constexpr std::size_t kSecretsMax = 8;

bool is_usable_secret(const std::string& secret) {
    return secret.size() >= kSecretBytesMin && std::ranges::none_of(secret, [](char c) {
               return std::isspace(static_cast<unsigned char>(c)) != 0;
           });
}

}  // namespace

std::string_view to_text(SignatureFault fault) {
    switch (fault) {
        case SignatureFault::MalformedHeader: return "malformed_header";
        case SignatureFault::NoKnownScheme: return "no_known_scheme";
        case SignatureFault::WrongSignature: return "wrong_signature";
        case SignatureFault::OutsideTolerance: return "outside_tolerance";
    }
    std::unreachable();
}

Result<WebhookSecrets> WebhookSecrets::create(std::vector<std::string> secrets) {
    if (secrets.empty() || secrets.size() > kSecretsMax ||
        !std::ranges::all_of(secrets, is_usable_secret))
        return invalid_argument("webhook.bad_secret",
                                "webhook signing secrets are 1 to 8 texts of at least 8 "
                                "characters without spaces");
    return WebhookSecrets(std::move(secrets));
}

}  // namespace turnpike
