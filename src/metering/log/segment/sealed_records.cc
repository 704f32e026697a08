#include "metering/log/segment/sealed_records.h"

#include <algorithm>

namespace turnpike {

void RecordPieces::add_events(std::span<const SealedEvent> events) {
    for (const SealedEvent& event : events) {
        const std::size_t offset = written_.size();
        write_record(written_, event.record, event.received_at);
        events_.push_back({event.place, event.received_at, offset, written_.size() - offset});
    }
}

void RecordPieces::add_story(std::span<const StoryRecord> story) {
    story_.insert(story_.end(), story.begin(), story.end());
}

void RecordPieces::tell(std::uint64_t events_before, bool in_arrival) {
    for (; told_ < story_.size(); ++told_) {
        const StoryRecord& next = story_[told_];
        if (next.events_before > events_before) return;
        if (next.events_before == events_before && next.in_arrival && !in_arrival) return;
        write_record(piece_, next.record, Instant{});
    }
}

Result<std::monostate> RecordPieces::begin_arrival(const Written& first,
                                                   std::uint64_t events_before) {
    tell(events_before, false);
    if (piece_.size() >= kPieceBytes) {
        const auto taken = take_(piece_);
        if (!taken) return failure(taken);
        piece_.clear();
    }
    write_record(piece_, ArrivalRecord{first.place.arrival, first.received_at});
    return std::monostate{};
}

Result<std::monostate> RecordPieces::give() {
    std::ranges::sort(events_, {}, &Written::place);
    const Written* before = nullptr;
    std::uint64_t count = 0;
    for (const Written& event : events_) {
        if (before == nullptr || event.place.arrival != before->place.arrival) {
            const auto begun = begin_arrival(event, count);
            if (!begun) return failure(begun);
        }
        tell(count, true);
        piece_.append(written_, event.offset, event.bytes);
        before = &event;
        ++count;
    }
    tell(UINT64_MAX, true);
    if (piece_.empty()) return std::monostate{};
    return take_(piece_);
}

}  // namespace turnpike
