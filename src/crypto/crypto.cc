#include "crypto/crypto.h"

#include <array>
#include <limits>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kDigestBytes = 32;

using Block = std::array<char, kBlockBytes>;

/// Fetched once: EVP_sha256() would look the implementation up again for every digest.
const EVP_MD* sha256_method() {
    static const EVP_MD* const kMethod = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    check(kMethod != nullptr, "OpenSSL has SHA-256");
    return kMethod;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* thread_context() {
    static thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> kContext(EVP_MD_CTX_new());
    check(kContext != nullptr, "OpenSSL allocates a digest context");
    return kContext.get();
}

std::string digest_of(std::string_view first, std::string_view second) {
    EVP_MD_CTX* const context = thread_context();
    std::array<unsigned char, kDigestBytes> digest{};
    unsigned length = 0;
    const bool done = EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                      EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                      EVP_DigestFinal_ex(context, digest.data(), &length) == 1;
    check(done && length == kDigestBytes, "SHA-256 of bytes in memory succeeds");
    return {digest.begin(), digest.end()};
}

Block padded(std::string_view key, unsigned char mask) {
    Block block{};
    for (std::size_t i = 0; i < kBlockBytes; ++i) {
        const unsigned char byte = i < key.size() ? static_cast<unsigned char>(key[i]) : 0;
        block[i] = static_cast<char>(byte ^ mask);
    }
    return block;
}

std::string_view view(const Block& block) { return {block.data(), block.size()}; }

}  // namespace

std::string sha256(std::string_view bytes) { return digest_of(bytes, {}); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    auto* const context = static_cast<EVP_MD_CTX*>(context_);
    check(context != nullptr && EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1,
          "OpenSSL begins a digest");
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::add(std::string_view bytes) {
    check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1,
          "SHA-256 of bytes in memory succeeds");
}

std::string Sha256::finish() {
    std::array<unsigned char, kDigestBytes> digest{};
    unsigned length = 0;
    check(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), &length) == 1,
          "SHA-256 of bytes in memory succeeds");
    return {digest.begin(), digest.end()};
}

// RFC 2104 by hand: EVP_MAC parses its parameters and allocates on every call, which costs more
// than the two digests themselves.
std::string hmac_sha256(std::string_view key, std::string_view message) {
    std::string short_key;
    if (key.size() > kBlockBytes) {
        short_key = sha256(key);
        key = short_key;
    }
    Block inner = padded(key, 0x36), outer = padded(key, 0x5c);
    std::string mac = digest_of(view(outer), digest_of(view(inner), message));
    OPENSSL_cleanse(inner.data(), inner.size());
    OPENSSL_cleanse(outer.data(), outer.size());
    return mac;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
    check(count <= std::numeric_limits<int>::max(), "random bytes are asked for in small numbers");
    std::string bytes(count, '\0');
    auto* const begin = static_cast<unsigned char*>(static_cast<void*>(bytes.data()));
    check(RAND_bytes(begin, static_cast<int>(count)) == 1, "the system gives randomness");
    return bytes;
}

}  // namespace turnpike
