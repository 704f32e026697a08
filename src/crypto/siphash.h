#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace turnpike {

/// A secret. With it, nobody outside can choose texts that collide.
struct SipKey {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};
SipKey random_sip_key();

struct Digest128 {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    friend auto operator<=>(const Digest128&, const Digest128&) = default;
};
struct Digest128Hash {
    std::size_t operator()(const Digest128& digest) const { return digest.first; }
};

/// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein 2012): names a credential or an event
/// in a table without keeping its text there.
Digest128 siphash128(const SipKey& key, std::string_view bytes);

}  // namespace turnpike
