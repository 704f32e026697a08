#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/error.h"
#include "metering/log/usage_state.h"

namespace turnpike {

/// A snapshot of the counters: what all frames before `next_sequence` say. A file
/// "<next_sequence, 20 digits>.snapshot" of frames, numbered from 1, whose payloads are records;
/// the last one only says "end", so that a file that lost its end is noticed.
struct SnapshotPlace {
    std::string path;
    std::uint64_t next_sequence = 0;
};

/// The newest in the directory; nullopt when there is none.
/// Errors: Unavailable "usage_log.unreachable".
Result<std::optional<SnapshotPlace>> newest_snapshot(const std::string& directory);

/// Durable under its name when this returns; older ones are removed then.
/// Errors: Unavailable "metering.identity_file", "usage_log.unreachable".
Result<std::monostate> save_snapshot(const UsageState& state, const std::string& directory,
                                     std::uint64_t next_sequence);

/// Leads `state`, which is new, to what the snapshot says.
/// Errors: Unavailable "usage_log.damaged", "metering.identity_file", "metering.identity_damaged".
Result<std::monostate> load_snapshot(const SnapshotPlace& place, UsageState& state);

}  // namespace turnpike
