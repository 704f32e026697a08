#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace turnpike {

/// What one password costs to hash, and to guess. The default takes about 60 ms of one core.
struct PasswordCost {
    unsigned long long passes = 2;
    std::size_t memory_bytes = std::size_t{64} << 20;
};
/// The least that the function can do; for tests.
inline constexpr PasswordCost kCheapPassword{1, 8'192};

/// Argon2id with a salt of its own, as the text "$argon2id$v=19$m=...". Takes its time and memory:
/// never on a thread that others wait for. Throws std::bad_alloc.
std::string hash_password(std::string_view password, const PasswordCost& cost);
/// In the time that the hash says, whatever the password.
bool verify_password(const std::string& hash, std::string_view password);
/// True when `hash` was made at another cost.
bool is_of_other_cost(const std::string& hash, const PasswordCost& cost);

}  // namespace turnpike
