#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/error.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {

/// What a snapshot remembers, of all frames before its `next_sequence`, so that a start need not
/// read these: "<next_sequence, 20 digits>.snapshot" or ".identities".
enum class SnapshotKind : std::uint8_t {
    Counters,    ///< usage_state.h; this header writes them
    Identities,  ///< identity_set.h writes them; they may know some of later frames, too
};
struct SnapshotPlace {
    std::string path;
    std::uint64_t next_sequence = 0;
};
SnapshotPlace snapshot_place(const std::string& directory, SnapshotKind kind,
                             std::uint64_t next_sequence);

/// The newest in the directory; nullopt when there is none.
/// Errors: Unavailable "usage_log.unreachable".
Result<std::optional<SnapshotPlace>> newest_snapshot(const std::string& directory,
                                                     SnapshotKind kind = SnapshotKind::Counters);
/// All older ones of its kind, once `newest` is durable. Errors: as newest_snapshot.
Result<std::monostate> remove_older_snapshots(const std::string& directory, SnapshotKind kind,
                                              const SnapshotPlace& newest);

/// A file of frames, numbered from 1, whose payloads are records; the last one only says "end", so
/// that a file that lost its end is noticed.
/// Durable under its name when this returns; older ones are removed then.
/// Errors: Unavailable "file.refused", "usage_log.unreachable".
Result<std::monostate> save_snapshot(const UsageState& state, const std::string& directory,
                                     std::uint64_t next_sequence);

/// Leads `state`, which is new, to what the snapshot says.
/// Errors: Unavailable "usage_log.damaged", "file.refused", "metering.identity_damaged".
Result<std::monostate> load_snapshot(const SnapshotPlace& place, UsageState& state);

}  // namespace turnpike
