#include "metering/log/usage_snapshot.h"

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
#include "metering/log/durable_file.h"
#include "metering/log/frame.h"

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

constexpr std::size_t kSequenceDigits = 20;
constexpr std::string_view kEndMark = "end";

std::unexpected<Error> unreachable(const std::string& path, const std::string& reason) {
    return fail(ErrorCode::Unavailable, "usage_log.unreachable",
                fmt::format("{}: {}", path, reason));
}

std::unexpected<Error> damaged(const SnapshotPlace& place) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} is damaged; without it the whole log is read", place.path));
}

Result<std::vector<SnapshotPlace>> list_snapshots(const std::string& directory, SnapshotKind kind) {
    const std::string_view suffix = suffix_of(kind);
    std::vector<SnapshotPlace> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename();
        if (name.size() != kSequenceDigits + suffix.size() || !name.ends_with(suffix)) continue;
        SnapshotPlace place{entry.path(), 0};
        const char* end = name.data() + kSequenceDigits;
        if (std::from_chars(name.data(), end, place.next_sequence).ptr == end)
            found.push_back(std::move(place));
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

Result<std::monostate> apply_records(std::string_view payload, const SnapshotPlace& place,
                                     UsageState& state) {
    RecordReader reader(payload);
    while (const auto record = reader.next()) {
        auto applied = state.apply(*record);
        if (!applied) return failure(std::move(applied));
    }
    if (reader.is_bad()) return damaged(place);
    return std::monostate{};
}

}  // namespace

SnapshotPlace snapshot_place(const std::string& directory, SnapshotKind kind,
                             std::uint64_t next_sequence) {
    return {fmt::format("{}/{:020}{}", directory, next_sequence, suffix_of(kind)), next_sequence};
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
    const auto all = list_snapshots(directory, kind);
    if (!all) return failure(all);
    std::error_code ignored;  // one that stays is older, and not read
    for (const SnapshotPlace& older : *all)
        if (older.next_sequence < newest.next_sequence)
            std::filesystem::remove(older.path, ignored);
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
        const auto applied = apply_records(frame.payload, place, state);
        if (!applied) return failure(applied);
    }
    if (!rest.empty()) return damaged(place);
    return std::monostate{};
}

}  // namespace turnpike
