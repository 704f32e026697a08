// A correction whose record says something else than its event counted.

#include "metering/log/fact_check.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/requests_testing.h"
#include "metering/log/segment/frame_events.h"

namespace turnpike {
namespace {

using testing::Requests;

std::vector<UsageCount> one_count(Meter::Aggregation aggregation, std::int64_t units) {
    UsageWindow where = testing::window("pv_1", 0);
    where.aggregation = aggregation;
    const bool is_one =
        aggregation == Meter::Aggregation::Count || aggregation == Meter::Aggregation::Unique;
    return {{std::make_shared<const UsageWindow>(where), Quantity::whole(is_one ? 1 : units),
             static_cast<std::uint64_t>(units)}};
}

/// Counters that do not show their facts, after a void of the last of these uses that says so.
std::vector<std::uint32_t> wrong_after(Meter::Aggregation aggregation,
                                       const std::vector<std::int64_t>& uses,
                                       const LoggedChange& change) {
    Requests requests;
    for (const std::int64_t units : uses)
        requests.send({std::to_string(units)}, "cus_a", one_count(aggregation, units), "", {});
    std::string changes, records;
    put_change(changes, change);
    const std::uint64_t arrival = uses.size() + 1;
    write_record(records, ArrivalRecord{arrival, testing::kStart});
    write_record(records, CorrectionRecord{.place = {arrival, 0},
                                           .received_at = testing::kStart,
                                           .source = 0,
                                           .id = "v",
                                           .time = testing::kStart,
                                           .content = 7,
                                           .original = {uses.size(), 0},
                                           .original_source = 0,
                                           .original_id = "9",
                                           .original_time = testing::kStart,
                                           .original_properties = "",
                                           .quantity = {},
                                           .changes = changes});
    UsageState usage;
    EXPECT_TRUE(usage.apply_all(requests.all()));
    EXPECT_TRUE(usage.apply_all(records));
    FactCheck facts(usage);
    EXPECT_FALSE(facts.is_empty());
    EXPECT_TRUE(
        show_events(requests.all(), {.event = [&](const SealedEvent& one) { facts.show(one); }}));
    return facts.wrong();
}

TEST(FactCheck, ACorrectedCounterShowsWhatItsEventsSay) {
    using enum Meter::Aggregation;
    struct Case {
        const char* name;
        Meter::Aggregation aggregation;
        std::vector<std::int64_t> uses;
        LoggedChange change;  ///< by the void of the last one
        bool is_right;
    };
    const auto units = [](std::int64_t count) { return Quantity::whole(count); };
    const Instant second = testing::kStart + std::chrono::milliseconds(7);
    const Case cases[] = {
        {"a sum", Sum, {1, 2, 4}, {0, 0, units(-4)}, true},
        {"a sum that lost too little", Sum, {1, 2, 4}, {0, 0, units(-3)}, false},
        {"a count", Count, {1, 2}, {0, 0, units(-1)}, true},
        {"a count that lost too much", Count, {1, 2}, {0, 0, units(-2)}, false},
        {"a max", Max, {3, 5, 9}, {0, 0, units(-9), Recounted{{units(5)}}}, true},
        {"a max of nobody", Max, {3, 5, 9}, {0, 0, units(-9), Recounted{{units(4)}}}, false},
        {"a max that stayed", Max, {3, 9}, {0, 0, units(-9)}, false},
        {"a min", Min, {3, 5, 2}, {0, 0, units(-2), Recounted{{units(3)}, second}}, true},
        {"a min of nobody",
         Min,
         {3, 5, 2},
         {0, 0, units(-2), Recounted{{units(4)}, second}},
         false},
        {"a value", Unique, {3, 9}, {0, 0, units(-1), Recounted{{units(1)}, {}, true}, 9}, true},
        {"a value that stayed", Unique, {3, 9}, {0, 0, units(-1)}, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const std::vector<std::uint32_t> wrong =
            c.is_right ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{0};
        EXPECT_EQ(wrong_after(c.aggregation, c.uses, c.change), wrong);
    }
}

/// Ten values of 1,000,000,000,000 are more together than a quantity can be; the eleventh is
/// voided.
TEST(FactCheck, ValuesThatDoNotAddUpAreNotAdded) {
    std::vector<std::int64_t> uses;
    for (std::int64_t i = 0; i < 11; ++i) uses.push_back(1'000'000'000'000 - i);
    const LoggedChange change{0, 0, Quantity::whole(-uses.back())};
    EXPECT_EQ(wrong_after(Meter::Aggregation::Max, uses, change), std::vector<std::uint32_t>{});
}

}  // namespace
}  // namespace turnpike
