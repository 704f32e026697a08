#include "crypto/ed25519.h"

#include <sodium.h>

#include "base/check.h"

namespace turnpike {
namespace {

const unsigned char* read_bytes(std::string_view text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}
unsigned char* write_bytes(std::string& text) {
    return static_cast<unsigned char*>(static_cast<void*>(text.data()));
}

}  // namespace

SigningKey::SigningKey(const Secret& seed) {
    check(sodium_init() >= 0, "libsodium finds randomness");
    check(seed.reveal().size() == kSeedBytes, "a signing key's seed has 32 bytes");
    public_key_.resize(crypto_sign_PUBLICKEYBYTES);
    std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
    crypto_sign_seed_keypair(write_bytes(public_key_), write_bytes(secret),
                             read_bytes(seed.reveal()));
    secret_key_ = Secret(std::move(secret));
}

std::string SigningKey::sign(std::string_view message) const {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(write_bytes(signature), nullptr, read_bytes(message), message.size(),
                         read_bytes(secret_key_.reveal()));
    return signature;
}

bool is_signed(std::string_view public_key, std::string_view message, std::string_view signature) {
    if (public_key.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES)
        return false;
    return crypto_sign_verify_detached(read_bytes(signature), read_bytes(message), message.size(),
                                       read_bytes(public_key)) == 0;
}

}  // namespace turnpike
