#include "metering/log/identity/fuse_filter.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace turnpike {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kSeedsTried = 64;
/// A set of this size or more has segments of 2^(3 + its place) fingerprints, a smaller one of 4:
/// the paper's 2^floor(2.25 + log(size) / log(3.33)).
constexpr std::array<std::uint32_t, 16> kSizeOfSegmentBits = {
    3,      9,       28,      92,        304,       1'010,      3'362,      11'193,
    37'273, 124'118, 413'310, 1'376'322, 4'583'150, 15'261'887, 50'822'082, 169'237'530};

std::uint32_t segment_bits_for(std::size_t size) {
    const auto larger = std::ranges::upper_bound(kSizeOfSegmentBits, size);
    return 2 + static_cast<std::uint32_t>(larger - kSizeOfSegmentBits.begin());
}

/// The paper's size * max(1.125, 0.875 + 0.25 * log(10^6) / log(size)), a little more for the
/// logarithm in whole bits: 0.25 * log2(10^6) = 4.983.
std::uint64_t fingerprints_for(std::size_t size) {
    const std::uint64_t bits = std::max<std::uint64_t>(std::bit_width(size), 2) - 1;
    return size * std::max<std::uint64_t>(1125, 875 + 4983 / bits) / 1000;
}

FuseFilter::Shape shape_for(std::size_t size) {
    FuseFilter::Shape shape;
    shape.segment_bits = segment_bits_for(size);
    const std::uint64_t segments =
        (fingerprints_for(size) + (std::uint64_t{1} << shape.segment_bits) - 1) >>
        shape.segment_bits;
    shape.segments_first = static_cast<std::uint32_t>(std::max<std::uint64_t>(segments, 3) - 2);
    return shape;
}

/// The finishing steps of MurmurHash3: every bit of `word` moves every bit of the result.
std::uint64_t mixed(std::uint64_t word) {
    word ^= word >> 33;
    word *= 0xff51afd7ed558ccd;
    word ^= word >> 33;
    word *= 0xc4ceb9fe1a85ec53;
    return word ^ word >> 33;
}

/// A fingerprint that waits for its value: how many hashes need it, and which one if it is alone.
struct Waiting {
    std::uint32_t hashes = 0;     ///< the places of those hashes, by exclusive or
    std::uint32_t positions = 0;  ///< which of a hash's three this is, by exclusive or
    std::uint32_t count = 0;
};

}  // namespace

std::uint64_t FuseFilter::Shape::fingerprints() const {
    return segments_first == 0 ? 0 : (std::uint64_t{segments_first} + 2) << segment_bits;
}

FuseFilter::Place FuseFilter::place_of(const IdentityHash& hash) const {
    const std::uint64_t mix = mixed(hash.second + shape_.seed);
    const std::uint32_t segment = std::uint32_t{1} << shape_.segment_bits;
    const std::uint64_t homes = std::uint64_t{shape_.segments_first} << shape_.segment_bits;
    const auto first = static_cast<std::uint32_t>(static_cast<Wide>(hash.first) * homes >> 64);
    const auto low = static_cast<std::uint32_t>(mix), high = static_cast<std::uint32_t>(mix >> 18);
    return {{first, (first + segment) ^ (high & (segment - 1)),
             (first + 2 * segment) ^ (low & (segment - 1))},
            static_cast<std::uint8_t>(mix >> 56)};
}

FuseFilter FuseFilter::of(std::span<const IdentityHash> hashes) {
    FuseFilter filter;
    filter.shape_ = shape_for(hashes.size());
    for (int tried = 0; tried < kSeedsTried; ++tried) {
        filter.shape_.seed = mixed(static_cast<std::uint64_t>(tried) + 1);
        filter.fingerprints_.assign(filter.shape_.fingerprints(), 0);
        if (filter.fill(hashes)) return filter;
    }
    return {};
}

/// Takes the hashes away one by one, each with a fingerprint that no other one needs any more; in
/// the opposite order every hash can then set its own so that its three come out right. False when
/// a knot of hashes remains.
bool FuseFilter::fill(std::span<const IdentityHash> hashes) {
    std::vector<Waiting> waiting(fingerprints_.size());
    for (std::uint32_t i = 0; i < hashes.size(); ++i) {
        const Place place = place_of(hashes[i]);
        for (std::uint32_t position = 0; position < 3; ++position) {
            Waiting& at = waiting[place.at[position]];
            at.hashes ^= i;
            at.positions ^= position;
            ++at.count;
        }
    }
    std::vector<std::uint32_t> alone;
    for (std::uint32_t at = 0; at < waiting.size(); ++at)
        if (waiting[at].count == 1) alone.push_back(at);

    struct Taken {
        std::uint32_t hash;
        std::uint32_t position;
    };
    std::vector<Taken> taken;
    taken.reserve(hashes.size());
    while (!alone.empty()) {
        const Waiting single = waiting[alone.back()];
        alone.pop_back();
        if (single.count != 1) continue;
        taken.push_back({single.hashes, single.positions});
        const Place place = place_of(hashes[single.hashes]);
        for (std::uint32_t position = 0; position < 3; ++position) {
            Waiting& at = waiting[place.at[position]];
            at.hashes ^= single.hashes;
            at.positions ^= position;
            if (--at.count == 1) alone.push_back(place.at[position]);
        }
    }
    if (taken.size() != hashes.size()) return false;

    while (!taken.empty()) {
        const Place place = place_of(hashes[taken.back().hash]);
        const std::uint32_t own = place.at[taken.back().position];
        std::uint8_t value = place.fingerprint;
        for (const std::uint32_t at : place.at)
            if (at != own) value ^= fingerprints_[at];
        fingerprints_[own] = value;
        taken.pop_back();
    }
    return true;
}

std::optional<FuseFilter> FuseFilter::from(const Shape& shape,
                                           std::vector<std::uint8_t> fingerprints) {
    if (shape.segment_bits > kSegmentBitsMax || shape.fingerprints() != fingerprints.size() ||
        fingerprints.size() > UINT32_MAX)
        return std::nullopt;
    FuseFilter filter;
    filter.shape_ = shape;
    filter.fingerprints_ = std::move(fingerprints);
    return filter;
}

void FuseFilter::prefetch(const IdentityHash& hash) const {
    if (fingerprints_.empty()) return;
    for (const std::uint32_t at : place_of(hash).at) __builtin_prefetch(&fingerprints_[at]);
}

bool FuseFilter::may_contain(const IdentityHash& hash) const {
    if (fingerprints_.empty()) return true;
    const Place place = place_of(hash);
    return (fingerprints_[place.at[0]] ^ fingerprints_[place.at[1]] ^ fingerprints_[place.at[2]]) ==
           place.fingerprint;
}

}  // namespace turnpike
