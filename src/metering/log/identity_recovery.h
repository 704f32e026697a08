#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/log/identity/identity_gathering.h"
#include "metering/log/segment/segment_replay.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {

/// The identities of segments that the counters know already, on their way back into the set: of
/// up to a window of them when the process ended before they were on disk. Other threads read them
/// from the construction on, one segment at a time each, so that the counters may be brought up to
/// date meanwhile.
///
/// Threads: its own, one less than there are processors; calls come from one thread. The set may
/// be filled by others at the same time, and asked by nobody.
class IdentityRecovery {
public:
    struct Source {
        std::span<const SegmentPlace> segments;  ///< all that there are; outlive it
        SequenceRange range;                     ///< of frames whose identities are missing
        std::uint64_t events;                    ///< about so many are in the range
        const NameList& sources;  ///< as of the end of the range; used by the constructor only
    };
    /// \param set  outlives it
    IdentityRecovery(const Source& source, const SipKey& key, IdentitySet& set);
    IdentityRecovery(const IdentityRecovery&) = delete;
    IdentityRecovery& operator=(const IdentityRecovery&) = delete;
    /// Waits for its threads.
    ~IdentityRecovery() = default;

    /// Reads, on the calling thread as well, what nobody has begun; then all of it is in the set.
    /// To be called once.
    /// Errors: those of read_segments and of IdentitySet; Unavailable "usage_log.damaged".
    Result<std::monostate> finish();

private:
    Result<std::monostate> read_pieces();
    Result<std::monostate> read_piece(const SequenceRange& piece,
                                      IdentityGathering& identities) const;
    Result<std::monostate> read_records(std::string_view records,
                                        IdentityGathering& identities) const;
    [[nodiscard]] IdentityEntry identity_of(const NamedRecord& named) const;

    const std::span<const SegmentPlace> segments_;
    const SipKey key_;
    IdentitySet& set_;
    std::vector<std::string> sources_;
    std::vector<SequenceRange> pieces_;
    std::atomic<std::size_t> next_piece_ = 0;
    std::vector<std::future<Result<std::monostate>>> readers_;  // the first to go
};

}  // namespace turnpike
