#include "access/api_key.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kRandomBytes = 20;
constexpr std::size_t kBodyLength = 32;
constexpr std::size_t kChecksumLength = 6;
constexpr std::size_t kHintLength = 4;
constexpr auto kPrefixes =
    std::to_array({KeyPrefix::SellerTest, KeyPrefix::SellerLive, KeyPrefix::Customer,
                   KeyPrefix::Session, KeyPrefix::PasswordReset, KeyPrefix::Invitation});

constexpr auto kCrcTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? value >> 1 ^ 0xEDB8'8320 : value >> 1;
        table[i] = value;
    }
    return table;
}();

std::string encode_body(std::string_view random) {
    std::string text;
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : random) {
        bits = bits << 8 | static_cast<std::uint8_t>(c);
        held += 8;
        for (; held >= 5; held -= 5) text += kAlphabet[bits >> (held - 5) & 31];
    }
    return text;
}

/// The low 30 bits of the CRC.
std::string checksum_of(std::string_view prefix_and_body) {
    const std::uint32_t crc = crc32(prefix_and_body);
    std::string text;
    for (int shift = 25; shift >= 0; shift -= 5) text += kAlphabet[crc >> shift & 31];
    return text;
}

}  // namespace

std::string_view to_text(KeyPrefix prefix) {
    switch (prefix) {
        case KeyPrefix::SellerTest: return "tp_test_";
        case KeyPrefix::SellerLive: return "tp_live_";
        case KeyPrefix::Customer: return "tp_cust_";
        case KeyPrefix::Session: return "tps_";
        case KeyPrefix::PasswordReset: return "tpr_";
        case KeyPrefix::Invitation: return "tpi_";
    }
    check(false, "every prefix has a text");
    return {};
}

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xFFFF'FFFF;
    for (const char c : bytes)
        crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xFF];
    return ~crc;
}

std::string key_hash(std::string_view secret) { return to_hex(sha256(secret)); }

MintedKey mint_key(KeyPrefix prefix, std::string_view random) {
    check(random.size() == kRandomBytes, "a key has 160 random bits");
    std::string secret = std::string(to_text(prefix)) + encode_body(random);
    secret += checksum_of(secret);
    std::string hint =
        std::string(to_text(prefix)) + "..." + secret.substr(secret.size() - kHintLength);
    std::string hash = key_hash(secret);
    return {std::move(secret), std::move(hash), std::move(hint)};
}

std::optional<KeyPrefix> read_key_shape(std::string_view text) {
    for (const KeyPrefix prefix : kPrefixes) {
        const std::string_view start = to_text(prefix);
        if (!text.starts_with(start)) continue;
        if (text.size() != start.size() + kBodyLength + kChecksumLength) return std::nullopt;
        const auto body = text.substr(start.size());
        if (!std::ranges::all_of(body, [](char c) { return kAlphabet.contains(c); }))
            return std::nullopt;
        const auto covered = text.substr(0, start.size() + kBodyLength);
        if (!equal_constant_time(text.substr(covered.size()), checksum_of(covered)))
            return std::nullopt;
        return prefix;
    }
    return std::nullopt;
}

}  // namespace turnpike
