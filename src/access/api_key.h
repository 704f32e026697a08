#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

/// What the prefix of a secret says: tp_test_, tp_live_ or tp_cust_ of a key; tps_, tpr_ or tpi_ of
/// what people get instead, in either mode.
enum class KeyPrefix : std::uint8_t {
    SellerTest,
    SellerLive,
    Customer,       ///< acts for one customer, in either mode
    Session,        ///< who has signed in
    PasswordReset,  ///< sets one password, once
    Invitation,     ///< joins one organization, once
};
std::string_view to_text(KeyPrefix prefix);  ///< "tp_test_"

/// Of the name that its owner gives a key, in characters.
inline constexpr std::size_t kKeyNameMax = 100;

/// Test and live data are separate deployments: a key of the other mode is refused.
enum class KeyMode : std::uint8_t { Test, Live };

/// A key just made. `secret` goes to its owner once and is never stored.
struct MintedKey {
    std::string secret;
    std::string hash;  ///< key_hash(secret)
    std::string hint;  ///< "tp_test_...7k3q": enough to recognize it
};

/// The prefix, 160 random bits as 32 characters, and 6 characters of checksum over both, in lower
/// case Crockford base32. The shape lets secret scanners find a leaked key, and lets us refuse a
/// guess or a typing error before any lookup.
///
/// \param random  exactly 20 bytes from random_bytes()
MintedKey mint_key(KeyPrefix prefix, std::string_view random);

/// The kind, when shape and checksum are right. Pure; says nothing about existence.
std::optional<KeyPrefix> read_key_shape(std::string_view text);

/// Lower-case hex of SHA-256. A plain hash is enough: 160 random bits cannot be guessed.
std::string key_hash(std::string_view secret);

/// CRC-32 of IEEE 802.3.
std::uint32_t crc32(std::string_view bytes);

}  // namespace turnpike
