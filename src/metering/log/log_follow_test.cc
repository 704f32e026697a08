#include "metering/log/log_follow.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealing.h"

namespace turnpike {
namespace {

using testing::finished_segment;
using testing::Requests;
using testing::ScratchFolder;
using testing::window;

/// Follows a log, and keeps the ids of what it was shown.
class Reader {
public:
    explicit Reader(std::string directory) : directory_(std::move(directory)) {}

    /// \param enough  events after which it has enough
    Result<LogMark> read(const LogMark& from, std::uint64_t last_sequence,
                         std::size_t enough = 1'000'000) {
        std::size_t shown = 0;
        return follow_log(directory_, last_sequence, from,
                          {.event =
                               [&](const SealedEvent& event) {
                                   ++shown;
                                   ids_.emplace_back(event.record.id);
                               },
                           .has_enough = [&] { return shown >= enough; }});
    }
    std::vector<std::string> take() {
        std::ranges::sort(ids_);
        return std::exchange(ids_, {});
    }

private:
    std::string directory_;
    std::vector<std::string> ids_;
};

using Ids = std::vector<std::string>;

using Progress = std::pair<std::uint64_t, std::uint64_t>;
Progress progress(const Result<LogMark>& mark) {
    EXPECT_TRUE(mark) << mark.error().message;
    return {mark->next_sequence, mark->last_arrival};
}

/// Three requests, in frames 1 to 3; the events of one frame are of two customers.
Requests three_requests() {
    Requests requests;
    requests.send({"a1", "a2"}, "cus_b", window("pv_1", 0));
    requests.send({"b1"}, "cus_a", window("pv_1", 0));
    requests.send({"c1", "c2"}, "cus_b", window("pv_1", 0));
    return requests;
}

TEST(LogFollow, ShowsWhatIsDurableAndBehindTheMark) {
    const ScratchFolder folder;
    finished_segment(folder.path(), three_requests());
    Reader reader(folder.path());
    const auto first = reader.read({}, 1);
    EXPECT_EQ(progress(first), (Progress{2, 1}));
    EXPECT_EQ(reader.take(), (Ids{"a1", "a2"}));
    const auto all = reader.read(*first, 3);
    EXPECT_EQ(progress(all), (Progress{4, 3}));
    EXPECT_EQ(reader.take(), (Ids{"b1", "c1", "c2"}));
    EXPECT_EQ(*reader.read(*all, 3), *all);
    EXPECT_EQ(reader.take(), Ids{});
}

TEST(LogFollow, EndsBehindTheFrameThatIsEnough) {
    const ScratchFolder folder;
    finished_segment(folder.path(), three_requests());
    Reader reader(folder.path());
    LogMark mark;
    std::vector<Ids> shown;
    for (int i = 0; i < 3; ++i) {
        mark = *reader.read(mark, 3, 1);
        shown.push_back(reader.take());
    }
    EXPECT_EQ(shown, (std::vector<Ids>{{"a1", "a2"}, {"b1"}, {"c1", "c2"}}));
    EXPECT_EQ(progress(mark), (Progress{4, 3}));
}

TEST(LogFollow, AMarkHoldsWhenItsSegmentIsSealed) {
    for (std::uint64_t frames = 0; frames <= 3; ++frames) {
        SCOPED_TRACE(frames);
        const ScratchFolder folder;
        const auto segment = finished_segment(folder.path(), three_requests());
        Reader reader(folder.path());
        const auto before = reader.read({}, frames);
        ASSERT_TRUE(before);
        ASSERT_TRUE(seal_segment(segment, 4));
        EXPECT_EQ(progress(reader.read(*before, 3)), (Progress{4, 3}));
        EXPECT_EQ(reader.take(), (Ids{"a1", "a2", "b1", "c1", "c2"}));
    }
}

TEST(LogFollow, GoesOnInTheNextSegment) {
    const ScratchFolder folder;
    Requests requests = three_requests();
    const auto segment = finished_segment(folder.path(), requests);
    ASSERT_TRUE(seal_segment(segment, 4));
    requests.send({"d1"}, "cus_c", window("pv_1", 0));
    const std::string frame = testing::sealed(4, requests.payloads().back());
    testing::overwrite(folder.path() + "/" + segment_name(4), 0, frame);
    Reader reader(folder.path());
    EXPECT_EQ(progress(reader.read({3, 2}, 4)), (Progress{5, 4}));
    EXPECT_EQ(reader.take(), (Ids{"c1", "c2", "d1"}));
}

TEST(LogFollow, AMarkThatNamesAnotherPlaceIsRefused) {
    const ScratchFolder folder;
    finished_segment(folder.path(), three_requests());
    Reader reader(folder.path());
    LogMark mark = *reader.read({}, 2);
    for (const std::size_t elsewhere : {std::size_t{0}, mark.offset + 8, std::size_t{1} << 40}) {
        SCOPED_TRACE(elsewhere);
        mark.offset = elsewhere;
        EXPECT_FALSE(reader.read(mark, 3));
    }
}

TEST(LogFollow, ALogThatEndsBeforeTheMarkIsNamed) {
    const ScratchFolder folder;
    finished_segment(folder.path(), three_requests());
    Reader reader(folder.path());
    const auto missing = reader.read({}, 4);
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().message.contains("frame 4"));
    const auto behind = reader.read({9, 8}, 3);
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().reason.text(), "usage_log.damaged");
    EXPECT_TRUE(behind.error().message.contains("frame 8"));
}

}  // namespace
}  // namespace turnpike
