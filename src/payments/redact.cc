#include "payments/redact.h"

#include <algorithm>
#include <array>

namespace turnpike {
namespace {

constexpr std::array<std::string_view, 6> kPrefixes = {"sk_test_", "sk_live_", "rk_test_",
                                                       "rk_live_", "whsec_",   "_secret_"};

bool is_key_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

std::string redact(std::string_view text) {
    std::string clean;
    for (std::size_t at = 0; at < text.size();) {
        const auto rest = text.substr(at);
        const auto prefix = std::ranges::find_if(
            kPrefixes, [&](std::string_view candidate) { return rest.starts_with(candidate); });
        if (prefix == kPrefixes.end()) {
            clean += text[at++];
            continue;
        }
        clean += *prefix;
        clean += "****";
        at += prefix->size();
        while (at < text.size() && is_key_character(text[at])) ++at;
    }
    return clean;
}

std::string hide(std::string text, std::span<const std::string> secrets) {
    constexpr std::string_view kMask = "****";
    for (const std::string& secret : secrets) {
        if (secret.empty()) continue;
        for (auto at = text.find(secret); at != std::string::npos;
             at = text.find(secret, at + kMask.size()))
            text.replace(at, secret.size(), kMask);
    }
    return text;
}

}  // namespace turnpike
