#include "metering/log/identity/identity_gathering.h"

#include <limits>
#include <span>

namespace turnpike {
namespace {

Result<std::monostate> insert(IdentitySet::Batch& identities,
                              std::span<const IdentityEntry> entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i + IdentitySet::kPrefetchAhead < entries.size())
            identities.prefetch(entries[i + IdentitySet::kPrefetchAhead].hash);
        const auto recalled = identities.find_or_insert(entries[i].hash, entries[i].content);
        if (!recalled) return failure(recalled);
    }
    return std::monostate{};
}

}  // namespace

IdentityGathering::IdentityGathering(IdentitySet& set) : set_(set) {
    // Address space only, until there are entries.
    for (auto& part : parts_) part.reserve(kEntriesMax / parts_.size());
}

Result<std::monostate> IdentityGathering::add(const IdentityEntry& entry) {
    constexpr unsigned kOtherBits = std::numeric_limits<std::uint64_t>::digits - kPartBits;
    parts_[entry.hash.first >> kOtherBits].push_back(entry);
    if (++size_ < kEntriesMax) return std::monostate{};
    return finish();
}

Result<std::monostate> IdentityGathering::finish() {
    auto identities = set_.batch();
    identities.reserve(size_);
    for (auto& part : parts_) {
        const auto inserted = insert(identities, part);
        if (!inserted) return failure(inserted);
        part.clear();
    }
    size_ = 0;
    return std::monostate{};
}

}  // namespace turnpike
