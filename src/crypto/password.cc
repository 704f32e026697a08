#include "crypto/password.h"

#include <array>
#include <new>

#include <sodium.h>

#include "base/check.h"

namespace turnpike {
namespace {

void start_sodium() {
    static const bool is_started = sodium_init() >= 0;
    check(is_started, "libsodium finds the system's randomness");
}

}  // namespace

std::string hash_password(std::string_view password, const PasswordCost& cost) {
    start_sodium();
    std::array<char, crypto_pwhash_STRBYTES> text{};
    const int outcome =
        crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost.passes,
                              cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
    if (outcome != 0) throw std::bad_alloc();
    return text.data();
}

bool verify_password(const std::string& hash, std::string_view password) {
    start_sodium();
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool is_of_other_cost(const std::string& hash, const PasswordCost& cost) {
    start_sodium();
    return crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.memory_bytes) != 0;
}

}  // namespace turnpike
