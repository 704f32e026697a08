#include "metering/log/log_copy.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "metering/log/files/log_directory.h"
#include "metering/log/identity/identity_directory.h"
#include "metering/log/state/usage_snapshot.h"

namespace turnpike {
namespace {

/// Files that go between a look at their names and opening them are looked for again so often.
constexpr int kTriesMax = 20;
constexpr std::uint64_t kWhole = std::numeric_limits<std::uint64_t>::max();

/// Where the frames of a segment end that may be written to. While a frame is being written, the
/// next ones may seem to stand behind a bad one.
Result<SegmentEnd> end_of(const SegmentPlace& place) {
    const auto pass = [](std::uint64_t, std::string_view) { return Result<std::monostate>(); };
    for (int tries = 1;; ++tries) {
        auto end = scan_segment(place, place.first_sequence, pass);
        if (!end || end->state != SegmentEnd::State::Damaged) return end;
        if (tries == kTriesMax)
            return fail(ErrorCode::Unavailable, "usage_log.damaged",
                        fmt::format("{} is damaged at byte {}", place.path, end->offset));
    }
}

}  // namespace

std::string LogCopy::name_of(const std::string& path) const {
    return path.substr(directory_.size() + 1);
}

Result<std::monostate> LogCopy::hold(const std::string& path, std::uint64_t bytes) {
    auto file = DurableFile::open(path);
    if (!file) return failure(file);
    const std::uint64_t all = bytes == kWhole ? file->size_bytes() : bytes;
    held_.push_back({name_of(path), *std::move(file), all});
    return std::monostate{};
}

/// What the log says until now: a frame that is only half there was told to nobody.
Result<std::monostate> LogCopy::hold_active(const SegmentPlace& active) {
    const auto end = end_of(active);
    if (!end) return failure(end);
    return hold(active.path, end->offset);
}

/// A log that was copied and never used has neither of the two folders.
Result<std::monostate> LogCopy::hold_snapshots(const std::string& directory) {
    if (!exists(directory)) return std::monostate{};
    for (const SnapshotKind kind : {SnapshotKind::Counters, SnapshotKind::Identities}) {
        const auto newest = newest_snapshot(directory, kind);
        if (!newest) return failure(newest);
        if (!*newest) continue;
        if (const auto held = hold((*newest)->path, kWhole); !held) return failure(held);
    }
    return std::monostate{};
}

Result<std::monostate> LogCopy::hold_runs(const std::string& directory) {
    if (!exists(directory)) return std::monostate{};
    const auto runs = list_runs(directory);
    if (!runs) return failure(runs);
    for (const RunFile& run : runs->runs)
        if (const auto held = hold(run.path, kWhole); !held) return failure(held);
    return std::monostate{};
}

Result<std::monostate> LogCopy::hold_all() {
    held_.clear();
    if (const auto held = hold_snapshots(snapshots_in(directory_)); !held) return failure(held);
    if (const auto held = hold_runs(identities_in(directory_)); !held) return failure(held);
    auto segments = list_segments(segments_in(directory_));
    if (!segments) return failure(segments);
    if (!segments->empty()) {
        if (const auto held = hold_active(segments->back()); !held) return failure(held);
        segments->pop_back();
    }
    finished_ = *std::move(segments);
    return hold(directory_ + "/identity-key", kWhole);
}

Result<LogCopy> LogCopy::begin(const std::string& directory) {
    LogCopy copy(directory);
    for (int tries = 1;; ++tries) {
        const auto held = copy.hold_all();
        if (held) return copy;
        if (tries == kTriesMax) return failure(held);
    }
}

Result<std::monostate> LogCopy::give_finished(const SegmentPlace& place, const Take& take) const {
    if (place.form == SegmentForm::Log && exists(place.path)) {
        const auto end = end_of(place);
        const auto file = DurableFile::open(place.path);
        if (end && file) return take(name_of(place.path), *file, end->offset);
        if (exists(place.path)) return end ? failure(file) : failure(end);
    }
    // Sealed, perhaps since its name was read.
    const std::string path = sealed_path(place);
    const auto file = DurableFile::open(path);
    if (!file) return failure(file);
    return take(name_of(path), *file, file->size_bytes());
}

Result<std::monostate> LogCopy::give(const Take& take) const {
    for (const HeldFile& held : held_)
        if (const auto taken = take(held.name, held.file, held.bytes); !taken)
            return failure(taken);
    for (const SegmentPlace& place : finished_)
        if (const auto given = give_finished(place, take); !given) return failure(given);
    return std::monostate{};
}

}  // namespace turnpike
