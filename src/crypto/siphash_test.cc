#include "crypto/siphash.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/encoding.h"

namespace turnpike {
namespace {

std::string counting(std::size_t length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(i);
    return bytes;
}

std::string hex_of(const Digest128& digest) {
    std::string bytes(sizeof digest, '\0');
    std::memcpy(bytes.data(), &digest, sizeof digest);
    return to_hex(bytes);
}

std::string openssl_siphash(const std::string& key, const std::string& message) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
    std::size_t size = 16, length = 0;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                 OSSL_PARAM_construct_end()};
    std::string out(16, '\0');
    const auto* key_bytes = reinterpret_cast<const unsigned char*>(key.data());
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    EXPECT_EQ(EVP_MAC_init(context, key_bytes, key.size(), params), 1);
    EXPECT_EQ(EVP_MAC_update(context, bytes, message.size()), 1);
    EXPECT_EQ(EVP_MAC_final(context, reinterpret_cast<unsigned char*>(out.data()), &length, 16), 1);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return to_hex(out);
}

TEST(SipHash, AgreesWithOpenSslForEveryLength) {
    SipKey key;
    const auto raw = counting(16);
    std::memcpy(&key, raw.data(), 16);
    // The first vector of the reference implementation (vectors_sip128).
    EXPECT_EQ(hex_of(siphash128(key, "")), "a3817f04ba25a8e66df67214c7550293");
    for (std::size_t length = 0; length < 100; ++length)
        EXPECT_EQ(hex_of(siphash128(key, counting(length))), openssl_siphash(raw, counting(length)))
            << length;
}

}  // namespace
}  // namespace turnpike
