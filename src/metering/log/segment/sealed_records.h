#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/log/segment/sealed_block.h"

namespace turnpike {

/// Puts a segment's records back into the order of the log: events that come in any order, and the
/// story, which says what stood between them.
class RecordPieces {
public:
    /// Called with records, about kPieceBytes at a time; each piece begins with an arrival, or with
    /// records that need none.
    using Take = std::function<Result<std::monostate>(std::string_view records)>;
    static constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

    explicit RecordPieces(Take take) : take_(std::move(take)) {}

    void add_events(std::span<const SealedEvent> events);
    /// In its order. The texts stay where they are until give() has returned.
    void add_story(std::span<const StoryRecord> story);
    /// Gives everything; an error of `take` ends it and is passed on.
    Result<std::monostate> give();

private:
    /// An event as it will be written, in written_.
    struct Written {
        LogPlace place;
        Instant received_at;
        std::size_t offset = 0, bytes = 0;
    };
    Result<std::monostate> begin_arrival(const Written& first, std::uint64_t events_before);
    void tell(std::uint64_t events_before, bool in_arrival);

    Take take_;
    std::string written_;
    std::vector<Written> events_;
    std::vector<StoryRecord> story_;
    std::size_t told_ = 0;
    std::string piece_;
};

}  // namespace turnpike
