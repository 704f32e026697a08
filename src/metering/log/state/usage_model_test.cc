// The log against the plainest store there is: what it decides, what it shows, and that a restart,
// with a snapshot or without, changes nothing.

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/event_recount.h"
#include "metering/log/segment/frame_events.h"
#include "metering/log/state/usage_state.h"
#include "metering/usage_model_testing.h"

namespace turnpike {
namespace {

using testing::any_counts;
using testing::any_rules;
using testing::Buyer;
using testing::kModelMonth;
using testing::kModelStart;
using testing::UsageModel;

/// One process's life: what it wrote, and a snapshot from somewhere in between.
class Life {
public:
    struct Answer {
        Counted counted;
        std::vector<Counter> left;
    };
    Answer send(const CustomerId& customer, const std::vector<UsageCount>& counts, Instant time) {
        const std::string id = std::to_string(++sent_);
        state_.begin_arrival(kModelStart + std::chrono::seconds(sent_));
        Answer answer{};
        const std::size_t begin = records_.size();
        answer.counted = state_.count({.customer = customer.text(),
                                       .source = "test",
                                       .id = id,
                                       .counts = counts,
                                       .time = time,
                                       .latency_us = {},
                                       .content = 1},
                                      records_, &answer.left);
        if (answer.counted == Counted::Accepted)
            events_.push_back(found_in(std::string_view(records_).substr(begin)));
        return answer;
    }
    /// \param meanwhile  what happens while other events are looked for
    /// \return "", or why the event of this number cannot be corrected so
    std::string correct(std::size_t number, const Correction& correction, Instant time,
                        const std::function<void()>& meanwhile) {
        const std::string id = std::to_string(++sent_);
        const FoundEvent original = events_[number];
        const CorrectionUse use{.source = "test",
                                .id = id,
                                .time = time,
                                .content = 2,
                                .correction = correction,
                                .original = original};
        auto job = state_.begin_recount(use);
        meanwhile();
        for (; job; job = state_.begin_recount(use)) state_.tell_recount(recounted(*job));
        state_.begin_arrival(kModelStart + std::chrono::seconds(++sent_));
        const auto corrected = state_.correct(use, records_);
        state_.forget_recount();
        return corrected ? "" : std::string(corrected.error().code);
    }
    void keep_snapshot() {
        snapshot_ = snapshot_of(state_);
        snapshot_at_ = records_.size();
    }
    [[nodiscard]] const UsageState& state() const { return state_; }
    [[nodiscard]] UsageState replayed() const { return read({records_}); }
    [[nodiscard]] UsageState restored() const {
        return read({snapshot_, std::string_view(records_).substr(snapshot_at_)});
    }
    static std::string snapshot_of(const UsageState& state) {
        std::string all;
        const auto taken = state.write_snapshot([&](std::string_view records) {
            all += records;
            return Result<std::monostate>();
        });
        RC_ASSERT(taken.has_value());
        return all;
    }

private:
    [[nodiscard]] std::vector<CounterTally> recounted(const RecountJob& job) const {
        EventRecount recount(job, [&](const LogPlace& event) { return state_.status_of(event); });
        const auto shown = show_events(
            records_, {.event = [&](const SealedEvent& event) { recount.show(event); }});
        RC_ASSERT(shown.has_value());
        return recount.take();
    }
    /// The one event in there.
    static FoundEvent found_in(std::string_view records) {
        RecordReader reader(records);
        FoundEvent found;
        while (const auto record = reader.next()) {
            if (const auto* arrival = std::get_if<ArrivalRecord>(&*record))
                found.place = {arrival->number, 0};
            const auto* event = std::get_if<EventRecord>(&*record);
            if (event == nullptr) continue;
            found.time = event->time;
            found.source = event->source;
            EventCounts counts(*event);
            while (const auto count = counts.next()) found.counts.push_back(*count);
        }
        return found;
    }
    static UsageState read(std::initializer_list<std::string_view> parts) {
        UsageState state;
        for (const std::string_view part : parts) {
            const auto applied = state.apply_all(part);
            RC_ASSERT(applied.has_value());
        }
        return state;
    }

    UsageState state_;
    std::vector<FoundEvent> events_;
    std::string records_, snapshot_;
    std::size_t snapshot_at_ = 0;
    int sent_ = 0;
};

void check_counter(const Counter& counter, const UsageModel::Figures& expected) {
    RC_ASSERT(counter.used == expected.used);
    RC_ASSERT(counter.hard_limit == expected.hard_limit);
}

RC_GTEST_PROP(UsageModel, TheLogCountsAsTheModelDoes, ()) {
    UsageModel model;
    Life life;
    Buyer buyers[] = {{CustomerId::trusted("cus_a")}, {CustomerId::trusted("cus_b")}};
    Instant clock = kModelStart;
    const auto rules = any_rules();
    const int events = *rc::gen::inRange(0, 60), snapshot_at = *rc::gen::inRange(0, 60);
    const auto send_any = [&] {
        Buyer& buyer = buyers[*rc::gen::inRange(0, 2)];
        if (*rc::gen::inRange(0, 6) == 0) {
            buyer.plan = *rc::gen::inRange(0, testing::kModelPlans);
            ++buyer.revision;
        }
        clock += std::chrono::minutes(*rc::gen::element(0, 0, 1, 7, 55, 1'500));
        // Ahead of the clock by as much as is allowed, or late.
        const Instant time =
            clock + std::chrono::minutes(*rc::gen::element(0, 0, 5, -1, -59, -2'000));
        const auto counts = any_counts(buyer, rules, time);
        const bool fits = model.record(buyer.id, counts, time);
        const auto answer = life.send(buyer.id, counts, time);
        RC_ASSERT(answer.counted == (fits ? Counted::Accepted : Counted::LimitExceeded));
        for (std::size_t n = 0; n < counts.size(); ++n)
            check_counter(answer.left[n], model.figures(buyer.id, *counts[n].window, time));
    };
    for (int i = 0; i < events; ++i) {
        if (i == snapshot_at) life.keep_snapshot();
        send_any();
        if (model.events() == 0 || *rc::gen::inRange(0, 3) > 0) continue;
        // Few, so that one is corrected again and again.
        const auto number =
            *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(model.events(), 5));
        const auto correction = testing::any_correction("test", "any");
        const auto meanwhile = [&] {
            if (*rc::gen::arbitrary<bool>()) send_any();
        };
        const Instant moment = clock;
        const std::string answer = life.correct(number, correction, moment, meanwhile);
        RC_ASSERT(answer == model.correct(number, correction, moment));
    }
    const std::string now = Life::snapshot_of(life.state());
    RC_ASSERT(Life::snapshot_of(life.replayed()) == now);
    const UsageState restored = life.restored();
    RC_ASSERT(Life::snapshot_of(restored) == now);
    for (const Buyer& buyer : buyers)
        for (const auto later :
             {std::chrono::minutes(0), std::chrono::minutes(30), std::chrono::minutes(3'000)})
            for (const Counter& counter :
                 restored.counters_at({buyer.id.text(), ""}, kModelMonth.start, clock + later)) {
                const auto window = buyer.window(rule_of(counter), clock + later);
                RC_ASSERT(counter.period == window.period);
                RC_ASSERT(counter.used == model.figures(buyer.id, window, clock + later).used);
            }
}

}  // namespace
}  // namespace turnpike
