#include "metering/log/event_lookup.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/log_testing.h"
#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::kUnused;
using testing::Requests;
using testing::ScratchFolder;
using testing::window;

/// Every counter is cus_a's, and every source "test".
LogNames names() {
    return {.counted_by =
                [](std::uint32_t) {
                    return UsageState::CountedBy{"cus_a", "sub_a", "api_calls", {}, {}, kStart};
                },
            .counters_of = [](std::string_view) { return std::vector<std::uint32_t>{}; },
            .source = [](std::uint32_t) { return std::string("test"); },
            .status_of = [](const LogPlace&) { return EventStatus{}; }};
}

/// A log of requests that is cut into segments, some of which are sealed.
class CutLog {
public:
    /// Arrivals are numbered as they are sent.
    void send(const std::vector<std::string>& ids, const std::string& customer) {
        requests_.send(ids, customer, window("pv_1", 0));
        ++arrivals_;
        for (std::size_t i = 0; i < ids.size(); ++i) expected_[{arrivals_, i}] = ids[i];
    }
    /// A request that records no event.
    void close(const std::string& customer) { requests_.name(customer); }
    void end_segment(SegmentForm form) {
        const auto& payloads = requests_.payloads();
        const std::uint64_t first = written_ + 1;
        std::string bytes;
        for (; written_ < payloads.size(); ++written_)
            bytes += testing::sealed(written_ + 1, payloads[written_]);
        bytes.resize(bytes.size() + kUnused, '\0');
        const SegmentPlace place{folder_.path() + "/" + segment_name(first), first,
                                 SegmentForm::Log};
        std::ofstream(place.path, std::ios::binary) << bytes;
        if (form == SegmentForm::Sealed) {
            EXPECT_TRUE(seal_segment(place, written_ + 1));
        }
    }
    /// The id of the event there; "" when there is none.
    [[nodiscard]] std::string at(const LogPlace& place) const { return at(place, written_); }
    [[nodiscard]] std::string at(const LogPlace& place, std::uint64_t last_sequence) const {
        const auto found = find_event(folder_.path(), last_sequence, place, names());
        EXPECT_TRUE(found) << found.error().message;
        if (!*found) return "";
        EXPECT_EQ((*found)->place, place);
        return (*found)->event.id;
    }
    [[nodiscard]] const std::map<LogPlace, std::string>& expected() const { return expected_; }
    [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }
    [[nodiscard]] const std::string& path() const { return folder_.path(); }

private:
    ScratchFolder folder_;
    Requests requests_;
    std::size_t written_ = 0;
    std::uint64_t arrivals_ = 0;
    std::map<LogPlace, std::string> expected_;
};

/// Five segments: sealed, one without any event, sealed, finished, and the one that is written to.
void fill(CutLog& log) {
    log.send({"a", "b"}, "cus_a");
    log.send({"c"}, "cus_b");
    log.send({"d", "e", "f"}, "cus_a");
    log.end_segment(SegmentForm::Sealed);
    log.close("cus_closed");
    log.end_segment(SegmentForm::Log);
    log.send({"g"}, "cus_b");
    log.send({"h", "i"}, "cus_a");
    log.end_segment(SegmentForm::Sealed);
    log.send({"j"}, "cus_a");
    log.send({"k", "l"}, "cus_b");
    log.end_segment(SegmentForm::Log);
    log.send({"m"}, "cus_a");
    log.end_segment(SegmentForm::Log);
}

TEST(EventLookup, FindsEachEventAtItsPlaceAndNoneBesideThem) {
    CutLog log;
    fill(log);
    for (std::uint64_t arrival = 0; arrival <= log.arrivals() + 1; ++arrival) {
        for (std::uint64_t position = 0; position < 5; ++position) {
            SCOPED_TRACE(std::to_string(arrival) + "/" + std::to_string(position));
            const auto event = log.expected().find({arrival, position});
            EXPECT_EQ(log.at({arrival, position}),
                      event == log.expected().end() ? "" : event->second);
        }
    }
    EXPECT_EQ(log.at({~std::uint64_t{0}, 0}), "");
}

TEST(EventLookup, SaysWhatTheEventMoved) {
    CutLog log;
    fill(log);
    const auto found = find_event(log.path(), 100, {2, 0}, names());
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->event.source, "test");
    EXPECT_EQ((*found)->event.customer.text(), "cus_a");
    EXPECT_EQ((*found)->subscription, "sub_a");
    ASSERT_EQ((*found)->counts.size(), 1U);
    EXPECT_EQ((*found)->counts.front().value, Quantity::whole(1));
}

TEST(EventLookup, WhatIsNotDurableIsNotThere) {
    CutLog log;
    fill(log);
    // Frames 1 to 9: three requests, a close, two, two, and one.
    EXPECT_EQ(log.at({8, 0}, 9), "m");
    EXPECT_EQ(log.at({8, 0}, 8), "");
    EXPECT_EQ(log.at({7, 1}, 8), "l");
}

TEST(EventLookup, ALogWithoutEventsHasNone) {
    CutLog log;
    EXPECT_EQ(log.at({1, 0}), "");
    log.close("cus_closed");
    log.end_segment(SegmentForm::Log);
    EXPECT_EQ(log.at({1, 0}), "");
}

TEST(EventLookup, ADamagedSegmentIsNamed) {
    CutLog log;
    fill(log);
    const std::string sealed = sealed_path({log.path() + "/" + segment_name(5), 5});
    testing::overwrite(sealed, std::filesystem::file_size(sealed) - 3, "X");
    const auto found = find_event(log.path(), 9, {4, 0}, names());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().reason, Reason("usage_log.damaged"));
    EXPECT_TRUE(found.error().message.contains(sealed)) << found.error().message;
}

}  // namespace
}  // namespace turnpike
