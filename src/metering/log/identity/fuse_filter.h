#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metering/log/identity/identity_hash.h"

namespace turnpike {

/// A set of hashes that may say yes wrongly, once in 256 times, and never says no wrongly: a binary
/// fuse filter with 8 bits (Graf, Lemire 2022). About 9.1 bits per hash in sets of 300,000 and
/// more, more bits in smaller ones. Made once from all its hashes.
///
/// Pure; const calls may run together.
class FuseFilter {
public:
    /// What a filter is besides its fingerprints, for a file.
    struct Shape {
        std::uint64_t seed = 0;
        std::uint32_t segment_bits = 0;  ///< a segment has 2^this fingerprints
        std::uint32_t segments_first =
            0;  ///< segments where the first of three fingerprints may lie
        /// How many it has. segment_bits is at most kSegmentBitsMax.
        [[nodiscard]] std::uint64_t fingerprints() const;
    };
    static constexpr std::uint32_t kSegmentBitsMax = 18;

    /// Contains nothing.
    FuseFilter() = default;
    /// Of different hashes in any order. Rising ones are quickest: they fill it from left to right.
    /// Should no seed suit them, as repeated hashes would bring about, it says yes to everything.
    static FuseFilter of(std::span<const IdentityHash> hashes);
    /// From a file. nullopt when shape and fingerprints cannot belong together.
    static std::optional<FuseFilter> from(const Shape& shape,
                                          std::vector<std::uint8_t> fingerprints);

    void prefetch(const IdentityHash& hash) const;
    [[nodiscard]] bool may_contain(const IdentityHash& hash) const;

    [[nodiscard]] const Shape& shape() const { return shape_; }
    [[nodiscard]] std::span<const std::uint8_t> fingerprints() const { return fingerprints_; }

private:
    struct Place {
        std::array<std::uint32_t, 3> at;
        std::uint8_t fingerprint;
    };
    Place place_of(const IdentityHash& hash) const;
    bool fill(std::span<const IdentityHash> hashes);

    Shape shape_;
    std::vector<std::uint8_t> fingerprints_;
};

}  // namespace turnpike
