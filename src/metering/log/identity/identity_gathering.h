#pragma once

#include <array>
#include <cstddef>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/log/identity/identity_set.h"

namespace turnpike {

/// Identities that are read from the log, in any order, on their way into a set. They wait until
/// there are many, by the first bits of their hashes; then each part of the table is filled while
/// the nearest caches hold it. That is several times quicker than one by one.
///
/// It holds at most 40 bytes for each of kEntriesMax. Not for events that wait for a verdict:
/// nobody learns which of the entries the set knew already; after a crash the set may know some.
///
/// Threads: each has a gathering of its own; several may be of one set.
class IdentityGathering {
public:
    static constexpr std::size_t kEntriesMax = std::size_t{1} << 19;

    /// \param set  outlives it
    explicit IdentityGathering(IdentitySet& set);

    /// Errors of both: those of IdentitySet.
    Result<std::monostate> add(const IdentityEntry& entry);
    /// Hands over what still waits. Without it that is lost.
    Result<std::monostate> finish();

private:
    static constexpr unsigned kPartBits = 8;

    IdentitySet& set_;
    std::array<std::vector<IdentityEntry>, std::size_t{1} << kPartBits> parts_;
    std::size_t size_ = 0;
};

}  // namespace turnpike
