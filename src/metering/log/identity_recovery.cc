#include "metering/log/identity_recovery.h"

#include <thread>
#include <utility>

#include "metering/log/identity/identity_hash.h"
#include "metering/log/records/usage_record.h"

namespace turnpike {
namespace {

/// The range, cut where segments begin.
std::vector<SequenceRange> pieces_of(std::span<const SegmentPlace> segments,
                                     const SequenceRange& range) {
    std::vector<SequenceRange> pieces;
    if (range.from >= range.until) return pieces;
    pieces.push_back(range);
    for (const SegmentPlace& segment : segments) {
        if (segment.first_sequence <= range.from || segment.first_sequence >= range.until) continue;
        pieces.back().until = segment.first_sequence;
        pieces.push_back({segment.first_sequence, range.until});
    }
    return pieces;
}

}  // namespace

IdentityRecovery::IdentityRecovery(const Source& source, const SipKey& key, IdentitySet& set)
    : segments_(source.segments),
      key_(key),
      set_(set),
      pieces_(pieces_of(source.segments, source.range)) {
    for (std::uint32_t i = 0; i < source.sources.size(); ++i)
        sources_.push_back(source.sources.text(i));
    if (source.events > 0) set_.batch().reserve(source.events);
    for (std::size_t i = 1; i < std::thread::hardware_concurrency() && i <= pieces_.size(); ++i)
        readers_.push_back(std::async(std::launch::async, [this] { return read_pieces(); }));
}

Result<std::monostate> IdentityRecovery::finish() {
    auto all = read_pieces();
    for (auto& reader : readers_)
        if (auto read = reader.get(); !read) all = std::move(read);
    return all;
}

Result<std::monostate> IdentityRecovery::read_pieces() {
    IdentityGathering identities(set_);
    for (std::size_t i = next_piece_++; i < pieces_.size(); i = next_piece_++) {
        const auto read = read_piece(pieces_[i], identities);
        if (!read) return failure(read);
    }
    return identities.finish();
}

Result<std::monostate> IdentityRecovery::read_piece(const SequenceRange& piece,
                                                    IdentityGathering& identities) const {
    const auto from_records = [&](std::uint64_t, std::string_view records) {
        return read_records(records, identities);
    };
    const auto from_events = [&](std::span<const SealedEvent> events) -> Result<std::monostate> {
        for (const auto& [place, received_at, event] : events) {
            const NamedRecord named{event.source, event.id, event.content};
            if (const auto added = identities.add(identity_of(named)); !added)
                return failure(added);
        }
        return std::monostate{};
    };
    const auto from_story = [&](std::span<const StoryRecord> story) -> Result<std::monostate> {
        for (const StoryRecord& told : story)
            if (const auto named = name_in(told.record))
                if (const auto added = identities.add(identity_of(*named)); !added)
                    return failure(added);
        return std::monostate{};
    };
    const auto read = read_segments(segments_, piece, {from_records, from_events, from_story});
    if (!read) return failure(read);
    return std::monostate{};
}

Result<std::monostate> IdentityRecovery::read_records(std::string_view records,
                                                      IdentityGathering& identities) const {
    RecordReader reader(records);
    while (const auto record = reader.next())
        if (const auto named = name_in(*record))
            if (const auto added = identities.add(identity_of(*named)); !added)
                return failure(added);
    if (reader.is_bad())
        return fail(ErrorCode::Unavailable, "usage_log.damaged",
                    "a finished segment holds what cannot be read");
    return std::monostate{};
}

IdentityEntry IdentityRecovery::identity_of(const NamedRecord& named) const {
    return {identity_hash(key_, sources_[named.source], named.id), named.content};
}

}  // namespace turnpike
