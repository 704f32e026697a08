#include "metering/log/segment/frame_events.h"

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/event_scan.h"
#include "metering/log/requests_testing.h"

namespace turnpike {
namespace {

using testing::finished_segment;
using testing::Requests;
using testing::ScratchFolder;
using testing::window;

Requests two_requests() {
    Requests requests;
    requests.send({"a1", "a2"}, "cus_a", window("pv_1", 0));
    requests.send({"b1"}, "cus_a", window("pv_1", 0));
    return requests;
}

TEST(ShowEvents, SaysWhereEachStands) {
    using Shown = std::tuple<std::string, std::uint64_t, std::uint64_t>;
    std::vector<Shown> shown;
    const auto last = show_events(two_requests().all(), {.event = [&](const SealedEvent& event) {
                                      shown.emplace_back(event.record.id, event.place.arrival,
                                                         event.place.position);
                                  }});
    ASSERT_TRUE(last);
    EXPECT_EQ(*last, 2U);
    EXPECT_EQ(shown, (std::vector<Shown>{{"a1", 1, 0}, {"a2", 1, 1}, {"b1", 2, 0}}));
}

TEST(ShowEvents, NamesWhatIsNoRecord) {
    const auto damaged = show_events("\xFF", {.event = [](const SealedEvent&) {}});
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().reason.text(), "usage_log.damaged");
}

/// Its checksum is right, so that only its records can tell.
TEST(EventScan, AFrameThatCannotBeReadIsDamage) {
    const LogNames names{
        .counted_by =
            [](std::uint32_t) {
                return UsageState::CountedBy{"cus_a", "sub_a", "api_calls",
                                             {},      {},      testing::kStart};
            },
        .counters_of = [](std::string_view) { return std::vector<std::uint32_t>{0}; },
        .source = [](std::uint32_t) { return std::string("test"); },
        .status_of = [](const LogPlace&) { return EventStatus{}; }};
    const EventQuery query{.customer = {},
                           .meter_key = {},
                           .since = Instant::min(),
                           .until = Instant::max(),
                           .before = {},
                           .count_max = 10};
    const ScratchFolder folder;
    Requests requests = two_requests();
    finished_segment(folder.path(), requests);
    const auto found = scan_newest(folder.path(), 2, query, names);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->size(), 3U);

    const ScratchFolder damaged_folder;
    requests.add("\xFF");
    finished_segment(damaged_folder.path(), requests);
    const auto damaged = scan_newest(damaged_folder.path(), 3, query, names);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().reason.text(), "usage_log.damaged");
}

}  // namespace
}  // namespace turnpike
