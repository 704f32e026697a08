#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace turnpike {

/// Signatures that anybody can check (RFC 8032). Everything is raw bytes.
class SigningKey {
public:
    static constexpr std::size_t kSeedBytes = 32;

    /// \param seed  of kSeedBytes, which is the caller's promise
    explicit SigningKey(const Secret& seed);
    [[nodiscard]] const std::string& public_key() const { return public_key_; }
    [[nodiscard]] std::string sign(std::string_view message) const;

private:
    std::string public_key_;
    Secret secret_key_;
};

/// False also for keys and signatures of a wrong length.
bool is_signed(std::string_view public_key, std::string_view message, std::string_view signature);

}  // namespace turnpike
