#include "metering/log/state/usage_snapshot.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/files/frame.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {
namespace {

std::string_view suffix_of(SnapshotKind kind) {
    switch (kind) {
        case SnapshotKind::Counters: return ".snapshot";
        case SnapshotKind::Identities: return ".identities";
    }
    check(false, "every kind has a suffix");
    return "";
}

constexpr std::string_view kEndMark = "end";

std::unexpected<Error> unreachable(const std::string& path, const std::string& reason) {
    return fail(ErrorCode::Unavailable, "usage_log.unreachable",
                fmt::format("{}: {}", path, reason));
}

std::unexpected<Error> damaged(const SnapshotPlace& place) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} is damaged; without it the whole log is read", place.path));
}

std::string snapshot_name(SnapshotKind kind, std::uint64_t next_sequence) {
    return sequence_name(next_sequence, suffix_of(kind));
}

Result<std::vector<SnapshotPlace>> list_snapshots(const std::string& directory, SnapshotKind kind) {
    std::vector<SnapshotPlace> found;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        SnapshotPlace place{entry->path(), 0};
        const std::string name = entry->path().filename();
        std::from_chars(name.data(), name.data() + name.size(), place.next_sequence);
        if (name == snapshot_name(kind, place.next_sequence)) found.push_back(std::move(place));
    }
    if (error) return unreachable(directory, error.message());
    std::ranges::sort(found, {}, &SnapshotPlace::next_sequence);
    return found;
}

/// Writes frames one behind the other.
class FrameFile {
public:
    explicit FrameFile(DurableFile& file) : file_(file) {}

    Result<std::monostate> append(std::string_view payload) {
        frame_.clear();
        frame_.append(payload);
        const std::string_view bytes = frame_.seal(++sequence_);
        auto written = file_.write_at(offset_, std::as_bytes(std::span(bytes)));
        offset_ += bytes.size();
        return written;
    }

private:
    DurableFile& file_;
    FrameBuffer frame_;
    std::uint64_t sequence_ = 0;
    std::uint64_t offset_ = 0;
};

}  // namespace

SnapshotPlace snapshot_place(const std::string& directory, SnapshotKind kind,
                             std::uint64_t next_sequence) {
    return {directory + "/" + snapshot_name(kind, next_sequence), next_sequence};
}

Result<std::optional<SnapshotPlace>> newest_snapshot(const std::string& directory,
                                                     SnapshotKind kind) {
    auto found = list_snapshots(directory, kind);
    if (!found) return failure(std::move(found));
    if (found->empty()) return std::optional<SnapshotPlace>();
    return std::optional(std::move(found->back()));
}

Result<std::monostate> remove_older_snapshots(const std::string& directory, SnapshotKind kind,
                                              const SnapshotPlace& newest) {
    const std::string name_of_newest = std::filesystem::path(newest.path).filename();
    const std::string unpublished = std::string(suffix_of(kind)) + ".new";
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename();
        const bool is_older = name.ends_with(suffix_of(kind)) && name < name_of_newest;
        std::error_code stays;  // it is not read
        if (is_older || name.ends_with(unpublished)) std::filesystem::remove(entry->path(), stays);
    }
    if (error) return unreachable(directory, error.message());
    return std::monostate{};
}

Result<std::monostate> save_snapshot(const UsageState& state, const std::string& directory,
                                     std::uint64_t next_sequence) {
    const auto place = snapshot_place(directory, SnapshotKind::Counters, next_sequence);
    auto file = DurableFile::create(place.path);
    if (!file) return failure(std::move(file));
    FrameFile frames(*file);
    const auto written =
        state.write_snapshot([&](std::string_view records) { return frames.append(records); });
    if (!written) return failure(written);
    const auto ended = frames.append(kEndMark);
    if (!ended) return failure(ended);
    const auto published = file->publish();
    if (!published) return failure(published);
    return remove_older_snapshots(directory, SnapshotKind::Counters, place);
}

Result<std::monostate> load_snapshot(const SnapshotPlace& place, UsageState& state) {
    const auto file = DurableFile::open(place.path);
    if (!file) return failure(file);
    std::string bytes(file->size_bytes(), '\0');
    const auto read = file->read_at(0, std::as_writable_bytes(std::span(bytes)));
    if (!read) return failure(read);
    std::string_view rest(bytes);
    for (std::uint64_t sequence = 1;; ++sequence) {
        const auto frame = read_frame(rest);
        if (frame.state != FrameRead::State::Frame || frame.sequence != sequence)
            return damaged(place);
        rest.remove_prefix(frame.size);
        if (frame.payload == kEndMark) break;
        const auto applied = state.apply_all(frame.payload);
        if (!applied) return failure(applied);
    }
    if (!rest.empty()) return damaged(place);
    return std::monostate{};
}

}  // namespace turnpike
