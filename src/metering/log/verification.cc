#include "metering/log/verification.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "metering/log/fact_check.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/files/log_directory.h"
#include "metering/log/identity/identity_hash.h"
#include "metering/log/identity_verification.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/segment/segment_visit.h"
#include "metering/log/state/snapshot_comparison.h"
#include "metering/log/state/usage_snapshot.h"

namespace turnpike {
namespace {

/// One check of one directory.
class LogCheck {
public:
    LogCheck(std::string directory, const CheckListener& listener)
        : directory_(std::move(directory)), listener_(listener), all_(bytes_below(directory_)) {}

    std::optional<UsageState> run() {
        const std::string key_path = directory_ + "/identity-key";
        if (!exists(key_path)) {
            listener_.problem(key_path + ": it is missing, and with it every event's identity");
        } else if (const auto key = load_or_make_identity_key(key_path)) {
            identities_.emplace(directory_, *key, listener_);
            progress(identities_->read_files());
        } else {
            listener_.problem(key.error().message);
        }
        find_snapshot();
        const auto segments = list_segments(segments_in(directory_));
        if (!segments) {
            listener_.problem(segments.error().message);
            return std::nullopt;
        }
        for (std::size_t i = 0; i < segments->size(); ++i)
            check_segment((*segments)[i], i + 1 == segments->size());
        if (!segments->empty() && segments->back().form == SegmentForm::Sealed)
            listener_.problem(fmt::format("{}: the segment behind it, from frame {} on, is missing",
                                          segments->back().path, next_sequence_));
        finish();
        if (!is_whole_) return std::nullopt;
        check_facts(*segments);
        return std::move(state_);
    }

private:
    void progress(std::uint64_t bytes) {
        done_ += bytes;
        listener_.progress(done_, all_);
    }
    /// A log without this folder, or without the runs', is as one where it is empty.
    void find_snapshot() {
        if (!exists(snapshots_in(directory_))) return;
        const auto newest = newest_snapshot(snapshots_in(directory_));
        if (!newest) listener_.problem(newest.error().message);
        if (newest && *newest) snapshot_ = **newest;
    }
    void check_segment(const SegmentPlace& place, bool is_last);
    Result<SegmentEnd> read(const SegmentPlace& place);
    Result<std::monostate> take(std::uint64_t sequence, std::string_view records);
    void compare_snapshot();
    void check_holds();
    void check_facts(const std::vector<SegmentPlace>& segments);
    [[nodiscard]] std::string name_of(std::uint32_t counter) const;
    void finish();

    const std::string directory_;
    const CheckListener& listener_;
    const std::uint64_t all_;
    std::uint64_t done_ = 0;
    std::optional<SnapshotPlace> snapshot_;
    std::optional<IdentityCheck> identities_;
    UsageState state_;
    std::uint64_t next_sequence_ = 1;
    bool is_whole_ = true;  ///< until now; state_ means something
};

void LogCheck::check_segment(const SegmentPlace& place, bool is_last) {
    if (place.first_sequence != next_sequence_) {
        listener_.problem(fmt::format("{}: it begins at frame {}, and frame {} is missing",
                                      place.path, place.first_sequence, next_sequence_));
        is_whole_ = false;
    }
    next_sequence_ = place.first_sequence;
    if (snapshot_ && snapshot_->next_sequence == place.first_sequence) compare_snapshot();
    const auto end = read(place);
    std::error_code ignored;
    progress(std::filesystem::file_size(place.path, ignored));
    if (!end) {
        // Some errors name the file themselves.
        const auto& what = end.error().message;
        listener_.problem(what.starts_with(place.path) ? what : place.path + ": " + what);
        is_whole_ = false;
        return;
    }
    next_sequence_ = end->next_sequence;
    const bool torn = end->state == SegmentEnd::State::Torn;
    if (end->state == SegmentEnd::State::Damaged || (torn && !is_last)) {
        listener_.problem(fmt::format("{} is damaged at byte {}, frame {}", place.path, end->offset,
                                      end->next_sequence));
        is_whole_ = false;
    } else if (torn) {
        listener_.note(
            fmt::format("{}: a crash tore a frame at byte {}, of which nobody was told; "
                        "the next start cuts it off",
                        place.path, end->offset));
    }
}

Result<SegmentEnd> LogCheck::read(const SegmentPlace& place) {
    if (place.form == SegmentForm::Log)
        return scan_segment(place, place.first_sequence,
                            [this](std::uint64_t sequence, std::string_view payload) {
                                return take(sequence, payload);
                            });
    const auto segment = SealedSegment::open(place.path);
    if (!segment) return failure(segment);
    const SealedHeader& header = segment->header();
    if (header.first_sequence != place.first_sequence)
        return fail(ErrorCode::Unavailable, "usage_log.damaged", "its name is not its own");
    // Any of its frames may have said a record, so only what all of them must have said counts.
    const auto visited = segment->visit_records(
        [&](std::string_view records) { return take(header.next_sequence - 1, records); });
    if (!visited) return failure(visited);
    return SegmentEnd{.next_sequence = header.next_sequence};
}

Result<std::monostate> LogCheck::take(std::uint64_t sequence, std::string_view records) {
    if (!is_whole_) return std::monostate{};  // without what is lost it cannot be understood
    const auto applied = state_.apply_all(records, [&](const NamedRecord& named) {
        if (!identities_) return;
        identities_->take(state_.names(NameTable::Source).text(named.source), named, sequence);
    });
    if (!applied)
        return fail(ErrorCode::Unavailable, "usage_log.damaged",
                    fmt::format("{}, in arrival {}", applied.error().message, state_.arrivals()));
    if (listener_.records) listener_.records(records, state_);
    return std::monostate{};
}

void LogCheck::compare_snapshot() {
    const SnapshotPlace place = *std::exchange(snapshot_, std::nullopt);
    if (!is_whole_) return;
    UsageState remembered;
    const auto loaded = load_snapshot(place, remembered);
    if (!loaded) return listener_.problem(loaded.error().message);
    for (const std::string& difference : differences_between(remembered, state_))
        listener_.problem(place.path + ": " + difference);
}

std::string LogCheck::name_of(std::uint32_t counter) const {
    const auto counted = state_.counted_by(counter);
    return fmt::format("counter {} ({}, {}, {})", counter, counted.customer, counted.meter_key,
                       to_text(counted.reset));
}

void LogCheck::check_holds() {
    for (const std::uint32_t number : state_.wrongly_held())
        listener_.problem(fmt::format("{}: {} does not hold what its open reservations do",
                                      directory_, name_of(number)));
}

void LogCheck::check_facts(const std::vector<SegmentPlace>& segments) {
    FactCheck facts(state_);
    if (facts.is_empty()) return;
    const SegmentVisitor visitor{
        .wants = [&](const SealedBlockPlace& block) { return facts.wants(block); },
        .event = [&](const SealedEvent& event) { facts.show(event); },
        .correction = [](const CorrectionRecord&) {}};
    for (const SegmentPlace& segment : segments) {
        const auto visited = visit_segment(segment, next_sequence_ - 1, visitor);
        if (!visited) return listener_.problem(visited.error().message);
    }
    for (const std::uint32_t number : facts.wrong())
        listener_.problem(fmt::format("{}: {} was corrected to something else than its events say",
                                      directory_, name_of(number)));
}

void LogCheck::finish() {
    // Of frames that no segment begins with, or that are not there.
    if (snapshot_ && is_whole_)
        listener_.problem(fmt::format("{}: no segment begins at frame {}", snapshot_->path,
                                      snapshot_->next_sequence));
    if (identities_ && is_whole_) identities_->finish();
    if (is_whole_) check_holds();
    listener_.progress(all_, all_);
}

}  // namespace

std::optional<UsageState> verify_usage_log(const std::string& directory,
                                           const CheckListener& listener) {
    return LogCheck(directory, listener).run();
}

}  // namespace turnpike
