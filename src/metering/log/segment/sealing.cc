#include "metering/log/segment/sealing.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "crypto/crc32c.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/segment/sealed_segment.h"

namespace turnpike {
namespace {

std::unexpected<Error> damaged(const std::string& path, const std::string& what) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged", fmt::format("{}: {}", path, what));
}

/// What a segment says, taken apart: events that can be put into another order, and the story.
class Contents {
public:
    Result<std::monostate> add(const std::string& path, std::string_view payload);
    /// In the order of counter, then arrival; kSealedRowsMax at most; empty at the end. Good until
    /// the next call.
    std::vector<SealedEvent> next_events();

    void sort();
    [[nodiscard]] std::span<const StoryRecord> story();
    [[nodiscard]] std::uint64_t events() const { return events_.size(); }
    [[nodiscard]] std::uint32_t records_crc() const { return crc_; }

private:
    struct Event {
        std::uint32_t counter;
        std::uint32_t arrival;  ///< its place in arrivals_
        std::uint64_t position;
        std::size_t offset;  ///< in written_
    };
    void add(ArrivalRecord record);
    void add(const EventRecord& record);
    void tell(const UsageRecord& record);
    void keep_empty_arrival();

    std::string written_;  ///< events as the log has them
    std::vector<Event> events_;
    std::vector<ArrivalRecord> arrivals_;
    std::vector<StoryRecord> story_;
    std::deque<RecordReader> readers_;  ///< what the ids of the last rows are parts of
    std::deque<std::string> texts_;     ///< what the story's records are views of
    std::size_t arrival_at_ = 0;        ///< in story_
    bool arrival_is_empty_ = false;
    std::uint64_t position_ = 0;
    std::size_t next_ = 0;
    std::uint32_t crc_ = 0;
};

Result<std::monostate> Contents::add(const std::string& path, std::string_view payload) {
    crc_ = extend_crc32c(crc_, std::as_bytes(std::span(payload)));
    RecordReader reader(payload);
    while (const auto record = reader.next()) {
        if (const auto* arrival = std::get_if<ArrivalRecord>(&*record)) {
            add(*arrival);
        } else if (const auto* event = std::get_if<EventRecord>(&*record)) {
            if (arrivals_.empty()) return damaged(path, "an event comes before any arrival");
            add(*event);
        } else {
            tell(*record);
        }
    }
    if (reader.is_bad()) return damaged(path, "a record cannot be read");
    return std::monostate{};
}

void Contents::add(ArrivalRecord record) {
    keep_empty_arrival();
    arrivals_.push_back(record);
    arrival_at_ = story_.size();
    arrival_is_empty_ = true;
    position_ = 0;
}

void Contents::add(const EventRecord& record) {
    events_.push_back({record.counter, static_cast<std::uint32_t>(arrivals_.size() - 1),
                       position_++, written_.size()});
    write_record(written_, record, arrivals_.back().received_at);
    arrival_is_empty_ = false;
}

void Contents::tell(const UsageRecord& record) {
    story_.push_back({events_.size(), arrival_is_empty_, record});
    UsageRecord& told = story_.back().record;
    const auto keep = [this](std::string_view& text) { text = texts_.emplace_back(text); };
    if (auto* name = std::get_if<NameRecord>(&told)) keep(name->text);
    if (auto* correction = std::get_if<CorrectionRecord>(&told)) {
        keep(correction->id);
        keep(correction->original_id);
        keep(correction->original_properties);
        keep(correction->changes);
    }
    if (auto* hold = std::get_if<HoldRecord>(&told)) {
        keep(hold->id);
        keep(hold->more);
        keep(hold->properties);
    }
}

/// An arrival is told by its events. One that has none is a part of the story.
void Contents::keep_empty_arrival() {
    if (!std::exchange(arrival_is_empty_, false)) return;
    const auto at = story_.begin() + static_cast<std::ptrdiff_t>(arrival_at_);
    for (StoryRecord& told : std::span(at, story_.end())) told.in_arrival = false;
    story_.insert(at, {events_.size(), false, arrivals_.back()});
}

std::span<const StoryRecord> Contents::story() {
    keep_empty_arrival();
    return story_;
}

void Contents::sort() {
    // The log's order is that of the offsets.
    std::ranges::sort(events_, {},
                      [](const Event& event) { return std::pair(event.counter, event.offset); });
}

std::vector<SealedEvent> Contents::next_events() {
    std::vector<SealedEvent> rows;
    readers_.clear();
    for (; next_ < events_.size() && rows.size() < kSealedRowsMax; ++next_) {
        const Event& event = events_[next_];
        const ArrivalRecord& arrival = arrivals_[event.arrival];
        auto& reader = readers_.emplace_back(std::string_view(written_).substr(event.offset),
                                             arrival.received_at);
        rows.push_back({.place = {arrival.number, event.position},
                        .received_at = arrival.received_at,
                        .record = std::get<EventRecord>(*reader.next())});
    }
    return rows;
}

/// Blocks one behind the other, then the index, then the header that says where it is.
class SealedWriter {
public:
    static Result<SealedWriter> create(const std::string& path) {
        auto file = DurableFile::create(path);
        if (!file) return failure(file);
        return SealedWriter(*std::move(file));
    }

    Result<std::monostate> add(std::span<const SealedEvent> events) {
        const std::string block = encode_events(events, offset_);
        index_.push_back(place_of(events, offset_, block.size()));
        ++header_.event_blocks;
        header_.events += events.size();
        return append(block);
    }
    Result<std::monostate> add(std::span<const StoryRecord> story) {
        const std::string block = encode_story(story, offset_);
        index_.push_back(place_of(story, offset_, block.size()));
        ++header_.story_blocks;
        return append(block);
    }
    Result<std::monostate> publish(std::uint64_t first_sequence, std::uint64_t next_sequence,
                                   std::uint32_t records_crc) {
        header_.first_sequence = first_sequence;
        header_.next_sequence = next_sequence;
        header_.records_crc = records_crc;
        header_.index_offset = offset_;
        const auto index = std::as_bytes(std::span(index_));
        header_.index_crc = crc32c(index);
        header_.crc = crc_of(header_);
        const auto indexed = file_.write_at(offset_, index);
        if (!indexed) return failure(indexed);
        const auto headed = file_.write_at(0, std::as_bytes(std::span(&header_, 1)));
        if (!headed) return failure(headed);
        return file_.publish();
    }

private:
    explicit SealedWriter(DurableFile file) : file_(std::move(file)) {}
    Result<std::monostate> append(std::string_view block) {
        const auto written = file_.write_at(offset_, std::as_bytes(std::span(block)));
        if (!written) return failure(written);
        file_.begin_writeback(offset_, block.size());
        offset_ += block.size();
        return std::monostate{};
    }

    DurableFile file_;
    SealedHeader header_;
    std::vector<SealedBlockPlace> index_;
    std::uint64_t offset_ = sizeof(SealedHeader);
};

Result<std::monostate> write_sealed(Contents& contents, const std::string& path,
                                    std::uint64_t first_sequence, std::uint64_t next_sequence) {
    auto writer = SealedWriter::create(path);
    if (!writer) return failure(writer);
    contents.sort();
    for (auto events = contents.next_events(); !events.empty(); events = contents.next_events())
        if (const auto added = writer->add(events); !added) return failure(added);
    for (auto story = contents.story(); !story.empty();) {
        const auto part = story.first(std::min(story.size(), kSealedRowsMax));
        if (const auto added = writer->add(part); !added) return failure(added);
        story = story.subspan(part.size());
    }
    return writer->publish(first_sequence, next_sequence, contents.records_crc());
}

/// The sealed segment gives back what the log says. An error: it does not, or cannot be read.
Result<std::monostate> compare(const std::string& path, const Contents& contents,
                               std::uint64_t first_sequence, std::uint64_t next_sequence) {
    const auto sealed = SealedSegment::open(path);
    if (!sealed) return failure(sealed);
    const SealedHeader& header = sealed->header();
    if (header.first_sequence != first_sequence || header.next_sequence != next_sequence ||
        header.events != contents.events() || header.records_crc != contents.records_crc())
        return damaged(path, "it is not what the log says");
    return sealed->visit_records([](std::string_view) { return Result<std::monostate>(); });
}

}  // namespace

Result<std::monostate> seal_segment(const SegmentPlace& log, std::uint64_t next_sequence) {
    Contents contents;
    const auto end = scan_segment(
        log, log.first_sequence,
        [&](std::uint64_t, std::string_view payload) { return contents.add(log.path, payload); });
    if (!end) return failure(end);
    if (end->state != SegmentEnd::State::Clean || end->next_sequence != next_sequence)
        return damaged(log.path, fmt::format("damaged at byte {}", end->offset));
    const std::string path = sealed_path(log);
    if (!exists(path)) {
        const auto written = write_sealed(contents, path, log.first_sequence, next_sequence);
        if (!written) return failure(written);
    }
    const auto same = compare(path, contents, log.first_sequence, next_sequence);
    if (!same) {
        unlink(path.c_str());
        return failure(same);
    }
    unlink(log.path.c_str());
    return sync_directory(log.path.substr(0, log.path.rfind('/')));
}

}  // namespace turnpike
