#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/secret.h"

namespace turnpike {

/// Where a sealed text stands. It opens only there: a row's secret put into another row or column
/// is refused.
struct SecretPlace {
    std::string_view column;  ///< "webhook_endpoints.sealed_secret"
    std::string_view row;     ///< the row's key
};

/// Seals texts for the database, so that a stolen disk, dump or backup tells none of them
/// (XChaCha20-Poly1305; its 192-bit nonces may be drawn at random). The first master key seals; the
/// others only open what was sealed before. Immutable; thread-safe.
class SecretBox {
public:
    static constexpr std::size_t kKeyBytes = 32;

    /// One key or more, of kKeyBytes each, which is the caller's promise.
    explicit SecretBox(const std::vector<Secret>& master_keys);

    /// "s1.<key's id>.<base64url>"; another text each time.
    [[nodiscard]] std::string seal(const SecretPlace& place, const Secret& secret) const;
    /// Errors: InvalidArgument "secrets.wrong_key" when it was sealed with a key that is not here,
    ///         "secrets.damaged" when it was changed, or sealed for another place.
    [[nodiscard]] Result<Secret> open(const SecretPlace& place, std::string_view sealed) const;
    /// False for what `turnpike secrets rotate` has to seal again.
    [[nodiscard]] bool is_of_first_key(std::string_view sealed) const;

private:
    struct Key {
        std::string id;  ///< says nothing of the key
        Secret bytes;
    };
    [[nodiscard]] const Key* key_of(std::string_view sealed) const;
    std::vector<Key> keys_;
};

/// Every key of a text that holds one or more, separated by commas or ends of lines: each 64
/// hexadecimal digits, or 32 bytes in base64.
/// Errors: InvalidArgument "secrets.bad_key"; the message does not show it.
Result<std::vector<Secret>> read_master_keys(std::string_view text);
/// A new one, as read_master_keys takes it.
Secret make_master_key();

}  // namespace turnpike
