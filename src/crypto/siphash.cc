#include "crypto/siphash.h"

#include <bit>
#include <cstring>

#include "crypto/crypto.h"

namespace turnpike {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

struct State {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void absorb(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
    std::uint64_t squeeze() {
        for (int i = 0; i < 4; ++i) round();
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

}  // namespace

SipKey random_sip_key() {
    const std::string bytes = random_bytes(sizeof(SipKey));
    SipKey key;
    std::memcpy(&key, bytes.data(), sizeof key);
    return key;
}

Digest128 siphash128(const SipKey& key, std::string_view bytes) {
    State state{key.first ^ 0x736f6d6570736575, key.second ^ 0x646f72616e646f6d ^ 0xee,
                key.first ^ 0x6c7967656e657261, key.second ^ 0x7465646279746573};
    const std::uint64_t length = bytes.size();
    while (bytes.size() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);
        state.absorb(word);
        bytes.remove_prefix(8);
    }
    std::uint64_t last = 0;
    std::memcpy(&last, bytes.data(), bytes.size());
    state.absorb(last | length << 56);

    state.v2 ^= 0xee;
    Digest128 digest;
    digest.first = state.squeeze();
    state.v1 ^= 0xdd;
    digest.second = state.squeeze();
    return digest;
}

}  // namespace turnpike
