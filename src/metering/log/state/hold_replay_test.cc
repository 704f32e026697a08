// Reservations in the log: a replay, a snapshot and a sealed segment say what was decided.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/sealing.h"
#include "metering/log/segment/segment_replay.h"
#include "metering/log/state/snapshot_comparison.h"

namespace turnpike {
namespace {

using testing::finished_segment;
using testing::kMonth;
using testing::kStart;
using testing::Requests;
using testing::ScratchFolder;

/// Blocked at its allowance, over the month and over an hour that rolls.
std::vector<UsageCount> counts_under(int plan, std::int64_t units) {
    UsageWindow month{.contract = std::nullopt,
                      .meter_key = "api_calls",
                      .period = kMonth,
                      .plan_version = PlanVersionId::trusted("pv_" + std::to_string(plan)),
                      .included = Quantity::whole(40 + 30 * (plan % 3)),
                      .revision = plan};
    UsageWindow hour = month;
    hour.reset = {Reset::Kind::Rolling, 1};
    hour.period = endless_window();
    return {{std::make_shared<const UsageWindow>(month), Quantity::whole(units)},
            {std::make_shared<const UsageWindow>(hour), Quantity::whole(units)}};
}

std::string snapshot_of(const UsageState& state) {
    std::string all;
    const auto written = state.write_snapshot([&](std::string_view records) {
        all += records;
        return Result<std::monostate>();
    });
    EXPECT_TRUE(written);
    return all;
}

UsageState replayed(std::initializer_list<std::string_view> parts) {
    UsageState state;
    for (const std::string_view part : parts) {
        const auto applied = state.apply_all(part);
        EXPECT_TRUE(applied) << applied.error().message;
    }
    return state;
}

/// One process's life: every request's records, and when it arrived.
class Life {
public:
    void request(Duration later, const auto& decide) {
        now_ += later;
        std::string records;
        state_.begin_arrival(now_);
        state_.expire_holds(records);
        decide(records);
        if (records.empty()) return;
        all_ += records;
        requests_.add(std::move(records));
    }
    void use(std::int64_t units) {
        request(Duration(1), [&](std::string& records) {
            const auto counted = state_.count(use_of(counts_under(plan_, units)), records);
            if (counted == Counted::Accepted) remember(units, now_);
        });
    }
    void reserve(std::int64_t units, Duration ttl) {
        request(Duration(1), [&](std::string& records) {
            const auto counts = counts_under(plan_, units);
            std::vector<Counter> left;
            const auto verdict =
                state_.reserve({use_of(counts), Quantity::whole(units), now_ + ttl}, records, left);
            if (verdict == ReserveVerdict::Opened) opened_.push_back(state_.arrivals());
        });
    }
    EndVerdict commit(std::uint64_t number, std::int64_t units) {
        EndVerdict verdict{};
        request(Duration(1), [&](std::string& records) {
            const Hold* const hold = state_.holds().find(number);
            if (hold != nullptr) id_ = hold->id;
            const Instant time = hold == nullptr ? now_ : hold->time;
            verdict = state_.commit({number, Quantity::whole(units), {}}, records);
            if (verdict == EndVerdict::Ended) remember(units, time);
        });
        return verdict;
    }
    /// Of any event so far; \param units  absent: it is voided
    void correct(std::size_t event, std::optional<std::int64_t> units) {
        request(Duration(1), [&](std::string& records) {
            Correction correction{units ? Correction::Kind::Amend : Correction::Kind::Void, "test",
                                  events_[event].second, Quantity::whole(units.value_or(0))};
            id_ = "e-" + std::to_string(++sent_);
            (void)state_.correct({.source = "test",
                                  .id = id_,
                                  .time = now_,
                                  .content = static_cast<std::uint32_t>(sent_),
                                  .correction = correction,
                                  .original = events_[event].first},
                                 records);
        });
    }
    [[nodiscard]] std::size_t events() const { return events_.size(); }
    void release(std::uint64_t number) {
        request(Duration(1), [&](std::string& records) { (void)state_.release(number, records); });
    }
    void wait(Duration time) {
        request(time, [](std::string&) {});
    }
    void change_plan() { ++plan_; }
    void keep_snapshot() {
        snapshot_ = snapshot_of(state_);
        rest_from_ = all_.size();
    }
    [[nodiscard]] UsageState restored() const {
        return replayed({snapshot_, std::string_view(all_).substr(rest_from_)});
    }
    [[nodiscard]] const UsageState& state() const { return state_; }
    [[nodiscard]] const std::string& all() const { return all_; }
    [[nodiscard]] const Requests& requests() const { return requests_; }
    [[nodiscard]] const std::vector<std::uint64_t>& opened() const { return opened_; }

private:
    /// The event that was just recorded: the only one of its arrival.
    void remember(std::int64_t units, Instant time) {
        const Quantity value = Quantity::whole(units);
        events_.push_back({{.place = {state_.arrivals(), 0},
                            .time = time,
                            .source = 0,
                            .counts = {{0, value, {}}, {1, value, {}}}},
                           id_});
    }
    Use use_of(const std::vector<UsageCount>& counts) {
        id_ = "e-" + std::to_string(++sent_);
        kept_ = counts;
        return {.customer = "cus_a",
                .source = "test",
                .id = id_,
                .counts = kept_,
                .time = now_,
                .latency_us = {},
                .content = static_cast<std::uint32_t>(sent_),
                .properties = R"({"region":"eu"})"};
    }

    UsageState state_;
    Requests requests_;
    Instant now_ = kStart;
    int plan_ = 0, sent_ = 0;
    std::string id_, all_, snapshot_;
    std::vector<UsageCount> kept_;
    std::size_t rest_from_ = 0;
    std::vector<std::uint64_t> opened_;
    std::vector<std::pair<FoundEvent, std::string>> events_;  ///< and their ids
};

Life any_life() {
    Life life;
    const int steps = *rc::gen::inRange(0, 60), snapshot_at = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
        if (i == snapshot_at) life.keep_snapshot();
        const std::int64_t units = *rc::gen::inRange(0, 30);
        const int step = *rc::gen::inRange(0, 9);
        const auto any_hold = [&] { return *rc::gen::elementOf(life.opened()); };
        if (step == 0) life.use(units);
        if (step == 1 || step == 2)
            life.reserve(units, std::chrono::seconds(*rc::gen::inRange(1, 600)));
        if (step == 3 && !life.opened().empty()) (void)life.commit(any_hold(), units);
        if (step == 4 && !life.opened().empty()) life.release(any_hold());
        if (step == 5) life.change_plan();
        if (step == 7 && life.events() > 0) {
            const auto event = *rc::gen::inRange<std::size_t>(0, life.events());
            const bool is_void = *rc::gen::inRange(0, 3) == 0;
            life.correct(event, is_void ? std::nullopt : std::optional<std::int64_t>(units));
        }
        if (step == 6)
            life.wait(std::chrono::minutes(*rc::gen::element(1, 5, 90, 23 * 60, 25 * 60)));
    }
    return life;
}

RC_GTEST_PROP(HoldReplay, AReplayAndASnapshotSayTheSame, ()) {
    const Life life = any_life();
    const auto again = replayed({life.all()}), restored = life.restored();
    RC_ASSERT(snapshot_of(again) == snapshot_of(life.state()));
    RC_ASSERT(snapshot_of(restored) == snapshot_of(life.state()));
    RC_ASSERT(differences_between(restored, again).empty());
    RC_ASSERT(life.state().wrongly_held().empty());
    RC_ASSERT(restored.wrongly_held().empty());
    // What is held is the sum of the open holds.
    std::map<std::uint32_t, Quantity> sums;
    life.state().holds().visit([&](const Hold& hold) {
        if (hold.state != ReservationState::Open) return;
        for (const EventCount& count : hold.counts)
            sums[count.counter] = sums[count.counter] + count.value;
    });
    for (const Counter& counter : restored.counters_of({"cus_a", ""}, kMonth.start, kMonth.end)) {
        RC_ASSERT(counter.held == sums[0]);
        RC_ASSERT(counter.used + counter.held <= counter.hard_limit.value());
    }
}

RC_GTEST_PROP(HoldReplay, ASealedSegmentGivesItBackByteByByte, ()) {
    const Life life = any_life();
    RC_PRE(!life.requests().payloads().empty());
    const ScratchFolder folder;
    const auto log = finished_segment(folder.path(), life.requests());
    RC_ASSERT(seal_segment(log, life.requests().payloads().size() + 1).has_value());
    const auto segment = SealedSegment::open(folder.path() + "/00000000000000000001.sealed");
    RC_ASSERT(segment.has_value());
    std::string all;
    const auto visited = segment->visit_records([&](std::string_view records) {
        all += records;
        return Result<std::monostate>();
    });
    RC_ASSERT(visited.has_value());
    RC_ASSERT(all == life.all());
}

TEST(HoldReplay, EveryNameIsShownOnce) {
    Life life;
    life.use(1);
    life.reserve(10, std::chrono::seconds(60));
    life.reserve(5, std::chrono::seconds(60));
    EXPECT_EQ(life.commit(life.opened()[0], 4), EndVerdict::Ended);
    life.release(life.opened()[1]);
    std::vector<std::string> ids;
    UsageState state;
    const auto applied =
        state.apply_all(life.all(), [&](const NamedRecord& named) { ids.emplace_back(named.id); });
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(ids, (std::vector<std::string>{"e-1", "e-2", "e-3"}));
    EXPECT_EQ(state.events(), 2U);
}

TEST(HoldReplay, ACommitWithoutItsUsageIsDamage) {
    Life life;
    life.reserve(10, std::chrono::seconds(60));
    std::string records = life.all();
    write_record(records, ArrivalRecord{2, kStart + std::chrono::seconds(1)});
    write_record(records, HoldEndRecord{1, ReservationState::Committed, Quantity::whole(4)});
    UsageState cut;
    EXPECT_FALSE(cut.apply_all(records));
    // Under another name, too.
    write_record(records,
                 EventRecord{.counter = 0,
                             .source = 0,
                             .id = "other",
                             .quantity = Quantity::whole(4),
                             .time = kStart,
                             .latency_us = {},
                             .content = 1},
                 kStart + std::chrono::seconds(1));
    UsageState other;
    EXPECT_FALSE(other.apply_all(records));
    // And an end of what is not open.
    std::string twice = life.all();
    write_record(twice, ArrivalRecord{2, kStart});
    write_record(twice, HoldEndRecord{1, ReservationState::Released, {}});
    write_record(twice, HoldEndRecord{1, ReservationState::Released, {}});
    UsageState ended;
    EXPECT_FALSE(ended.apply_all(twice));
}

}  // namespace
}  // namespace turnpike
