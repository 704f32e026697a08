// Reservations in the three stores: SQLite's tables, PostgreSQL's, and the usage log.
#include "metering/reservations.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log_reservations.h"
#include "metering/sql/sql_reservations.h"
#include "metering/store_testing.h"

namespace turnpike {
namespace {

using testing::calls;
using testing::events_of;
using testing::job_of;
using testing::Kind;
using testing::kind_name;
using testing::kSeptember;
using testing::kStart;
using testing::record;
using testing::run;
using testing::Verdicts;

constexpr Duration kTtl = std::chrono::seconds(300);

class ReservationStoreTest : public testing::StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        if (given_) open_store();
    }
    void open_store() {
        if (given_->usage_log)
            holds_ = std::make_unique<LogReservations>(*given_->db, *given_->usage_log);
        else
            holds_ = std::make_unique<SqlReservations>(*given_->db, world().ids());
    }
    void restart() {
        holds_.reset();
        StoreTest::restart();
        open_store();
    }

    PendingUsage wanted(const std::string& id, std::int64_t units) {
        auto pending = calls(alice_, id, units, given_->world.window("free"));
        put_content(pending.said, "reserve");
        put_content(pending.said, std::to_string(units));
        return pending;
    }
    ReserveReport reserve(PendingUsage pending, Instant now = kStart) {
        const Quantity units = pending.event.quantity;
        auto report = run(holds_->reserve({job_of({std::move(pending)}, now), units, now + kTtl}));
        EXPECT_TRUE(report) << report.error().message;
        return *std::move(report);
    }
    ReserveReport reserve(const std::string& id, std::int64_t units, Instant now = kStart) {
        return reserve(wanted(id, units), now);
    }
    EndReport commit(const Reservation& reservation, std::int64_t units, Instant now = kStart) {
        auto report =
            run(holds_->commit({reservation.id, Quantity::whole(units), std::nullopt, now}));
        EXPECT_TRUE(report) << report.error().message;
        return *std::move(report);
    }
    EndReport release(const Reservation& reservation, Instant now = kStart) {
        auto report = run(holds_->release(reservation.id, now));
        EXPECT_TRUE(report) << report.error().message;
        return *std::move(report);
    }
    std::optional<Reservation> find(const Reservation& reservation, Instant now = kStart) {
        auto found = run(holds_->find(reservation.id, now));
        EXPECT_TRUE(found) << found.error().message;
        return *std::move(found);
    }
    Verdicts consume(const std::string& id, std::int64_t units, Instant now = kStart) {
        return record(store(), {calls(alice_, id, units, given_->world.window("free"))}, now);
    }
    /// Of the event of this name; the correction's own name is `id`.
    Verdicts void_of(const std::string& id, const std::string& original, Instant now = kStart) {
        return record(
            store(),
            {testing::correcting(alice_, id, {Correction::Kind::Void, "test", original, {}}, now)},
            now);
    }
    Verdicts amend_of(const std::string& id, const std::string& original, std::int64_t units,
                      Instant now = kStart) {
        const Correction amend{Correction::Kind::Amend, "test", original, Quantity::whole(units)};
        return record(store(), {testing::correcting(alice_, id, amend, now)}, now);
    }
    /// Used and held, in whole units.
    std::pair<std::int64_t, std::int64_t> figures() {
        const auto counters = given_->db->read_blocking([&](sql::Transaction& tx) {
            return store().counters(tx, alice_, std::nullopt, kStart, kStart);
        });
        const auto& counter = counters.at("api_calls").front();
        return {counter.used.scaled() / Quantity::kOne, counter.held.scaled() / Quantity::kOne};
    }
    using Figures = std::pair<std::int64_t, std::int64_t>;

    std::unique_ptr<ReservationStore> holds_;
    int rounds_ = 0;  ///< of the model's test
};

TEST_P(ReservationStoreTest, WhatIsHeldIsNobodyElses) {
    const auto opened = reserve("r", 60);
    EXPECT_EQ(opened.verdict, ReserveVerdict::Opened);
    EXPECT_EQ(opened.counters.front().held, Quantity::whole(60));
    EXPECT_EQ(consume("a", 41), Verdicts{"limit_exceeded"});
    EXPECT_EQ(consume("b", 40), Verdicts{"accepted"});
    EXPECT_EQ(reserve("s", 1).verdict, ReserveVerdict::LimitExceeded);
    EXPECT_EQ(figures(), Figures(40, 60));
    EXPECT_EQ(events_of(store()).size(), 1U);
}

TEST_P(ReservationStoreTest, OneThatDoesNotFitLeavesNoTrace) {
    EXPECT_EQ(reserve("r", 101).verdict, ReserveVerdict::LimitExceeded);
    EXPECT_EQ(consume("r", 100), Verdicts{"accepted"});
}

TEST_P(ReservationStoreTest, ACommitRecordsTheEventUnderItsName) {
    const auto r = *reserve("r", 60).reservation;
    const auto ended = commit(r, 25, kStart + std::chrono::seconds(10));
    EXPECT_EQ(ended.verdict, EndVerdict::Ended);
    EXPECT_EQ(ended.reservation->state, ReservationState::Committed);
    EXPECT_EQ(ended.reservation->quantity, Quantity::whole(25));
    EXPECT_EQ(figures(), Figures(25, 0));
    const auto events = events_of(store());
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].event.source, "test");
    EXPECT_EQ(events[0].event.id, "r");
    EXPECT_EQ(events[0].event.quantity, Quantity::whole(25));
    EXPECT_EQ(events[0].event.time, kStart);
    EXPECT_EQ(events[0].received_at, kStart + std::chrono::seconds(10));
    EXPECT_EQ(events[0].counts.front().window_start, kSeptember.start);
    // Again: the same answer, and nothing counts twice.
    const auto again = commit(r, 25, kStart + std::chrono::hours(23));
    EXPECT_EQ(again.verdict, EndVerdict::Unchanged);
    EXPECT_EQ(again.reservation->quantity, Quantity::whole(25));
    EXPECT_EQ(commit(r, 26).verdict, EndVerdict::AlreadyCommitted);
    EXPECT_EQ(release(r).verdict, EndVerdict::AlreadyCommitted);
    EXPECT_EQ(figures(), Figures(25, 0));
}

TEST_P(ReservationStoreTest, MoreThanWasReservedMustFit) {
    const auto r = *reserve("r", 60).reservation;
    EXPECT_EQ(consume("a", 30), Verdicts{"accepted"});
    const auto exceeding = commit(r, 71);
    EXPECT_EQ(exceeding.verdict, EndVerdict::Exceeds);
    EXPECT_EQ(exceeding.commit_max, Quantity::whole(70));
    EXPECT_EQ(figures(), Figures(30, 60));
    EXPECT_EQ(find(r)->state, ReservationState::Open);
    EXPECT_EQ(commit(r, 70).verdict, EndVerdict::Ended);
    EXPECT_EQ(figures(), Figures(100, 0));
}

TEST_P(ReservationStoreTest, NothingMayHaveBeenUsed) {
    const auto r = *reserve("r", 60).reservation;
    EXPECT_EQ(commit(r, 0).verdict, EndVerdict::Ended);
    EXPECT_EQ(figures(), Figures(0, 0));
    EXPECT_EQ(events_of(store()).size(), 1U);
}

TEST_P(ReservationStoreTest, AReleaseGivesBackWhatIsHeld) {
    const auto r = *reserve("r", 60).reservation;
    EXPECT_EQ(release(r).verdict, EndVerdict::Ended);
    EXPECT_EQ(release(r).verdict, EndVerdict::Unchanged);
    EXPECT_EQ(commit(r, 1).verdict, EndVerdict::Released);
    EXPECT_EQ(figures(), Figures(0, 0));
    EXPECT_EQ(consume("a", 100), Verdicts{"accepted"});
    EXPECT_EQ(events_of(store()).size(), 1U);
}

TEST_P(ReservationStoreTest, ItExpiresAtItsMomentWhoeverMeetsIt) {
    const auto r = *reserve("r", 60).reservation;
    const Instant last = kStart + kTtl - Duration(1), over = kStart + kTtl;
    EXPECT_EQ(find(r, last)->state, ReservationState::Open);
    EXPECT_EQ(find(r, over)->state, ReservationState::Expired);
    EXPECT_EQ(consume("a", 41, last), Verdicts{"limit_exceeded"});
    EXPECT_EQ(consume("a", 41, over), Verdicts{"accepted"});
    EXPECT_EQ(figures(), Figures(41, 0));
    EXPECT_EQ(commit(r, 1, over).verdict, EndVerdict::Expired);
    const auto released = release(r, over);
    EXPECT_EQ(released.verdict, EndVerdict::Unchanged);
    EXPECT_EQ(released.reservation->state, ReservationState::Expired);
    EXPECT_EQ(released.reservation->ended_at, over);
}

TEST_P(ReservationStoreTest, ACommitAtItsLastMomentIsInTime) {
    const auto r = *reserve("r", 60).reservation, s = *reserve("s", 10).reservation;
    EXPECT_EQ(commit(r, 60, kStart + kTtl - Duration(1)).verdict, EndVerdict::Ended);
    EXPECT_EQ(commit(s, 10, kStart + kTtl).verdict, EndVerdict::Expired);
    EXPECT_EQ(figures(), Figures(60, 0));
}

TEST_P(ReservationStoreTest, TheSweepSaysWhoseExpired) {
    (void)reserve("r", 60);
    EXPECT_TRUE(run(holds_->expire(kStart + kTtl - Duration(1)))->empty());
    EXPECT_EQ(figures(), Figures(0, 60));
    EXPECT_EQ(*run(holds_->expire(kStart + kTtl)), std::vector{alice_});
    EXPECT_EQ(figures(), Figures(0, 0));
    EXPECT_TRUE(run(holds_->expire(kStart + kTtl))->empty());
}

TEST_P(ReservationStoreTest, TheSameRequestIsTheSameReservation) {
    const auto r = reserve("r", 60);
    const auto again = reserve("r", 60, kStart + std::chrono::seconds(5));
    EXPECT_EQ(again.verdict, ReserveVerdict::Same);
    EXPECT_EQ(again.reservation->id, r.reservation->id);
    EXPECT_EQ(again.reservation->expires_at, kStart + kTtl);
    EXPECT_EQ(again.counters.front().held, Quantity::whole(60));
    EXPECT_EQ(reserve("r", 59).verdict, ReserveVerdict::Conflict);
    EXPECT_EQ(commit(*r.reservation, 3).verdict, EndVerdict::Ended);
    EXPECT_EQ(reserve("r", 60).reservation->state, ReservationState::Committed);
    EXPECT_EQ(figures(), Figures(3, 0));
}

TEST_P(ReservationStoreTest, ANameIsTakenForEver) {
    const auto open = *reserve("open", 10).reservation, gone = *reserve("gone", 10).reservation;
    EXPECT_EQ(release(gone).verdict, EndVerdict::Ended);
    EXPECT_EQ(consume("open", 10), Verdicts{"conflict"});
    EXPECT_EQ(consume("gone", 10), Verdicts{"conflict"});
    EXPECT_EQ(consume("used", 10), Verdicts{"accepted"});
    EXPECT_EQ(reserve("used", 10).verdict, ReserveVerdict::Conflict);
    EXPECT_EQ(commit(open, 10).verdict, EndVerdict::Ended);
    EXPECT_EQ(consume("open", 10), Verdicts{"conflict"});
    EXPECT_EQ(figures(), Figures(20, 0));
}

TEST_P(ReservationStoreTest, OneThatIsCommittedIsCorrectedAsAnyEvent) {
    const auto r = *reserve("r", 60).reservation, s = *reserve("s", 10).reservation;
    EXPECT_EQ(void_of("v1", "r"), Verdicts{"unknown_event"}) << "it is open";
    EXPECT_EQ(amend_of("v1", "r", 1), Verdicts{"unknown_event"});
    EXPECT_EQ(figures(), Figures(0, 70));
    EXPECT_EQ(release(s).verdict, EndVerdict::Ended);
    EXPECT_EQ(void_of("v1", "s"), Verdicts{"unknown_event"}) << "nothing was used";
    EXPECT_EQ(commit(r, 25).verdict, EndVerdict::Ended);
    EXPECT_EQ(amend_of("a1", "r", 40), Verdicts{"accepted"});
    EXPECT_EQ(figures(), Figures(40, 0));
    restart();
    EXPECT_EQ(commit(r, 25).verdict, EndVerdict::Unchanged) << "as it was told";
    EXPECT_EQ(void_of("v1", "r"), Verdicts{"accepted"});
    EXPECT_EQ(void_of("v2", "r"), Verdicts{"already_voided"});
    EXPECT_EQ(figures(), Figures(0, 0));
}

TEST_P(ReservationStoreTest, ItsNameIsNoCorrectionsAndTheOtherWayRound) {
    EXPECT_EQ(consume("a", 10), Verdicts{"accepted"});
    const auto r = *reserve("r", 10).reservation;
    EXPECT_EQ(void_of("r", "a"), Verdicts{"conflict"});
    EXPECT_EQ(release(r).verdict, EndVerdict::Ended);
    EXPECT_EQ(void_of("r", "a"), Verdicts{"conflict"}) << "for ever";
    EXPECT_EQ(void_of("v", "a"), Verdicts{"accepted"});
    EXPECT_EQ(reserve("v", 10).verdict, ReserveVerdict::Conflict);
    EXPECT_EQ(figures(), Figures(0, 0));
}

TEST_P(ReservationStoreTest, AnAmendLeavesWhatIsHeld) {
    EXPECT_EQ(consume("a", 30), Verdicts{"accepted"});
    (void)reserve("r", 60);
    EXPECT_EQ(amend_of("a1", "a", 41), Verdicts{"limit_exceeded"});
    EXPECT_EQ(amend_of("a1", "a", 40), Verdicts{"accepted"});
    EXPECT_EQ(figures(), Figures(40, 60));
    EXPECT_EQ(void_of("v1", "a"), Verdicts{"accepted"});
    EXPECT_EQ(figures(), Figures(0, 60));
    EXPECT_EQ(consume("b", 41), Verdicts{"limit_exceeded"});
    EXPECT_EQ(consume("b", 40), Verdicts{"accepted"});
    restart();
    EXPECT_EQ(figures(), Figures(40, 60));
    // What has expired leaves its room to an amend, too.
    EXPECT_EQ(amend_of("a2", "b", 100, kStart + kTtl - Duration(1)), Verdicts{"limit_exceeded"});
    EXPECT_EQ(amend_of("a2", "b", 100, kStart + kTtl), Verdicts{"accepted"});
    EXPECT_EQ(figures(), Figures(100, 0));
}

TEST_P(ReservationStoreTest, AnEndedOneIsForgottenAfterADay) {
    const auto r = *reserve("r", 60).reservation;
    EXPECT_EQ(commit(r, 1).verdict, EndVerdict::Ended);
    const Instant last = kStart + kReservationMemory - Duration(1),
                  over = kStart + kReservationMemory;
    EXPECT_TRUE(find(r, last));
    EXPECT_FALSE(find(r, over));
    EXPECT_EQ(consume("a", 1, over), Verdicts{"accepted"});  // the log forgets as it goes on
    EXPECT_EQ(commit(r, 1, over).verdict, EndVerdict::Unknown);
    EXPECT_EQ(reserve("r", 60, over).verdict, ReserveVerdict::Conflict);
}

TEST_P(ReservationStoreTest, ASmallerPlanKeepsWhatWasPromised) {
    const auto pro = given_->world.window("pro");
    auto big = calls(alice_, "r", 500, pro);
    const auto r = *reserve(std::move(big)).reservation;
    EXPECT_EQ(record(store(), {calls(alice_, "a", 50, pro)}), Verdicts{"accepted"});
    // Down to FREE, of whose 100 there are 50 left; but 500 are held.
    auto free = given_->world.window("free");
    free.revision = 1;
    EXPECT_EQ(record(store(), {calls(alice_, "b", 1, free)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(store(), {calls(alice_, "z", 0, free)}), Verdicts{"accepted"});
    restart();
    // A void leaves the promise as it is, and an amend finds no room beside it.
    EXPECT_EQ(amend_of("a1", "a", 51), Verdicts{"limit_exceeded"});
    EXPECT_EQ(void_of("v1", "a"), Verdicts{"accepted"});
    restart();
    EXPECT_EQ(figures(), Figures(0, 500));
    EXPECT_EQ(commit(r, 500).verdict, EndVerdict::Ended);
    EXPECT_EQ(figures(), Figures(500, 0));
    EXPECT_EQ(void_of("v2", "r"), Verdicts{"accepted"});
    EXPECT_EQ(record(store(), {calls(alice_, "c", 101, free)}), Verdicts{"limit_exceeded"});
    EXPECT_EQ(record(store(), {calls(alice_, "c", 100, free)}), Verdicts{"accepted"});
}

TEST_P(ReservationStoreTest, ARestartChangesNothing) {
    const auto open = *reserve("open", 10).reservation, used = *reserve("used", 20).reservation,
               gone = *reserve("gone", 30).reservation;
    EXPECT_EQ(commit(used, 15).verdict, EndVerdict::Ended);
    EXPECT_EQ(release(gone).verdict, EndVerdict::Ended);
    restart();
    EXPECT_EQ(figures(), Figures(15, 10));
    EXPECT_EQ(find(open)->state, ReservationState::Open);
    EXPECT_EQ(find(gone)->state, ReservationState::Released);
    EXPECT_EQ(commit(used, 15).verdict, EndVerdict::Unchanged);
    EXPECT_EQ(reserve("open", 10).verdict, ReserveVerdict::Same);
    EXPECT_EQ(consume("gone", 1), Verdicts{"conflict"});
    EXPECT_EQ(consume("used", 15), Verdicts{"conflict"});
    EXPECT_EQ(consume("rest", 76), Verdicts{"limit_exceeded"});
    EXPECT_EQ(commit(open, 5, kStart + kTtl - Duration(1)).verdict, EndVerdict::Ended);
    restart();
    EXPECT_EQ(figures(), Figures(20, 0));
    EXPECT_EQ(events_of(store()).size(), 2U);
}

TEST_P(ReservationStoreTest, AllWindowsOfAMeterOrNone) {
    const auto two = [&](const std::string& id, std::int64_t units) {
        auto pending = wanted(id, units);
        auto day = given_->world.window("free");
        day.reset = {Reset::Kind::Day, 0};
        day.period = {kStart, kStart + std::chrono::hours(24)};
        day.included = Quantity::whole(30);
        pending.counts.push_back(testing::count_of(day, units));
        return pending;
    };
    EXPECT_EQ(reserve(two("a", 31)).verdict, ReserveVerdict::LimitExceeded);
    const auto r = reserve(two("b", 30));
    EXPECT_EQ(r.verdict, ReserveVerdict::Opened);
    EXPECT_EQ(figures(), Figures(0, 30));
    EXPECT_EQ(reserve(two("c", 1)).verdict, ReserveVerdict::LimitExceeded);
    EXPECT_EQ(commit(*r.reservation, 20).verdict, EndVerdict::Ended);
    const auto events = events_of(store());
    ASSERT_EQ(events.size(), 1U);
    ASSERT_EQ(events[0].counts.size(), 2U);
    for (const auto& count : events[0].counts) EXPECT_EQ(count.value, Quantity::whole(20));
    EXPECT_EQ(reserve(two("d", 10)).verdict, ReserveVerdict::Opened);
    EXPECT_EQ(figures(), Figures(20, 10));
}

TEST_P(ReservationStoreTest, ALimitHoldsAmongManyThreads) {
    constexpr int kThreads = 6, kRounds = 30;
    std::atomic<std::int64_t> granted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kRounds; ++i) {
                const std::string id = std::to_string(t) + "-" + std::to_string(i);
                if (i % 2 == 0) {
                    granted += consume(id, 1) == Verdicts{"accepted"} ? 1 : 0;
                    continue;
                }
                const auto report = reserve(id, 2);
                if (report.verdict != ReserveVerdict::Opened) continue;
                if (t % 3 == 0)
                    EXPECT_EQ(release(*report.reservation).verdict, EndVerdict::Ended);
                else
                    granted += commit(*report.reservation, 1).verdict == EndVerdict::Ended ? 1 : 0;
            }
        });
    for (auto& thread : threads) thread.join();
    for (int i = 0; i < 100; ++i)
        granted += consume("rest-" + std::to_string(i), 1) == Verdicts{"accepted"} ? 1 : 0;
    EXPECT_EQ(granted, 100);
    EXPECT_EQ(figures(), Figures(100, 0));
}

/// The plainest store there is.
struct Model {
    struct Held {
        Reservation reservation;
        std::int64_t units;
    };
    struct Used {
        std::string id;
        std::int64_t units;
    };
    std::int64_t used = 0;
    std::vector<Used> events;
    std::vector<Held> open;
    std::int64_t held() const {
        std::int64_t sum = 0;
        for (const Held& one : open) sum += one.units;
        return sum;
    }
    void expire(Instant now) {
        std::erase_if(open, [&](const Held& one) { return one.reservation.expires_at <= now; });
    }
};

TEST_P(ReservationStoreTest, DecidesAsTheModelDoes) {
    rc::check([&] {
        const std::string run_name = std::to_string(++rounds_);
        alice_ = given_->world.add_customer("buyer-" + run_name);
        Model model;
        Instant now = kStart;
        int number = 0;
        const int steps = *rc::gen::inRange(1, 25);
        for (int i = 0; i < steps; ++i) {
            const std::int64_t units = *rc::gen::inRange(0, 50);
            const std::string id = run_name + "-" + std::to_string(++number);
            now += *rc::gen::element(Duration(0), Duration(std::chrono::seconds(100)), kTtl);
            model.expire(now);
            const std::int64_t room = 100 - model.used - model.held();
            const int step = *rc::gen::inRange(0, 6);
            if (step == 0) {
                const bool fits = units == 0 || units <= room;
                RC_ASSERT(consume(id, units, now) ==
                          Verdicts{fits ? "accepted" : "limit_exceeded"});
                if (fits) model.used += units;
                if (fits) model.events.push_back({id, units});
            } else if (step == 5) {
                if (model.events.empty()) continue;
                auto& event = model.events[static_cast<std::size_t>(
                    *rc::gen::inRange<int>(0, static_cast<int>(model.events.size())))];
                const std::int64_t more = units - event.units;
                const bool fits = more <= 0 || more <= room;
                RC_ASSERT(amend_of(id, event.id, units, now) ==
                          Verdicts{fits ? "accepted" : "limit_exceeded"});
                if (!fits) continue;
                model.used += more;
                event.units = units;
            } else if (step <= 2) {
                const auto report = reserve(id, units, now);
                const bool fits = units == 0 || units <= room;
                RC_ASSERT((report.verdict == ReserveVerdict::Opened) == fits);
                if (fits) model.open.push_back({*report.reservation, units});
            } else if (!model.open.empty()) {
                const auto one = model.open[static_cast<std::size_t>(
                    *rc::gen::inRange<int>(0, static_cast<int>(model.open.size())))];
                const bool fits = units <= one.units || units - one.units <= room;
                const auto report =
                    step == 3 ? commit(one.reservation, units, now) : release(one.reservation, now);
                const bool ends = step == 4 || fits;
                RC_ASSERT(report.verdict == (ends ? EndVerdict::Ended : EndVerdict::Exceeds));
                if (step == 3 && fits) model.used += units;
                if (step == 3 && fits) model.events.push_back({one.reservation.event_id, units});
                if (ends)
                    std::erase_if(model.open, [&](const Model::Held& held) {
                        return held.reservation.id == one.reservation.id;
                    });
            }
            RC_ASSERT(model.used + model.held() <= 100);
        }
        (void)run(holds_->expire(now));
        const auto counters = given_->db->read_blocking([&](sql::Transaction& tx) {
            return store().counters(tx, alice_, std::nullopt, kStart, kStart);
        });
        const auto known = counters.find("api_calls");
        if (known == counters.end()) {
            RC_ASSERT(model.used + model.held() == 0);
            return;
        }
        RC_ASSERT(known->second.front().used == Quantity::whole(model.used));
        RC_ASSERT(known->second.front().held == Quantity::whole(model.held()));
    });
}

INSTANTIATE_TEST_SUITE_P(Stores, ReservationStoreTest,
                         ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log), kind_name);

}  // namespace
}  // namespace turnpike
