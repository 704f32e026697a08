#include "outbox.h"

#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Clock::Steady kStart{std::chrono::hours(1)};
const Error kFailure{ErrorKind::Unavailable, "client.timed_out", "", {}, {}, {}};

RecorderOptions options() {
    RecorderOptions options;
    options.queue_max = 5;
    options.batch_max = 3;
    options.age_max = seconds(1);
    options.backoff = {milliseconds(100), milliseconds(400)};
    return options;
}

void put(Outbox& outbox, const std::string& id, Clock::Steady now) {
    outbox.put({.customer = "c", .meter = "m", .id = id, .source = "s"}, id, now);
}

std::vector<Verdict> verdicts(std::size_t count, VerdictKind kind, const std::string& code = {}) {
    return std::vector<Verdict>(count, Verdict{kind, code, {}, {}, 0});
}

std::vector<std::string> ids(const std::vector<Event>& events) {
    std::vector<std::string> ids;
    for (const auto& event : events) ids.push_back(event.id);
    return ids;
}

using Texts = std::vector<std::string_view>;
using Ids = std::vector<std::string>;

TEST(Outbox, SendsWhatIsOldEnoughOrEnough) {
    Outbox outbox(options());
    EXPECT_EQ(outbox.due(), std::nullopt);
    put(outbox, "a", kStart);
    put(outbox, "b", kStart + milliseconds(500));
    EXPECT_EQ(outbox.due(), kStart + seconds(1));
    put(outbox, "c", kStart + milliseconds(600));
    EXPECT_EQ(outbox.due(), kStart);
    put(outbox, "d", kStart + milliseconds(700));
    EXPECT_EQ(outbox.take(), (Texts{"a", "b", "c"}));
    EXPECT_EQ(outbox.due(), std::nullopt) << "one batch at a time";
    EXPECT_EQ(outbox.answered(verdicts(3, VerdictKind::Accepted)).size(), 3U);
    EXPECT_EQ(outbox.due(), kStart + milliseconds(1'700));
}

TEST(Outbox, HurriesOnlyWhatIsThere) {
    Outbox outbox(options());
    put(outbox, "a", kStart);
    outbox.hurry();
    EXPECT_EQ(outbox.due(), kStart);
    outbox.take();
    outbox.answered(verdicts(1, VerdictKind::Accepted));
    put(outbox, "b", kStart);
    EXPECT_EQ(outbox.due(), kStart + seconds(1));
}

TEST(Outbox, IsFullWithWhatHasNoVerdict) {
    Outbox outbox(options());
    for (const char* id : {"a", "b", "c", "d", "e"}) put(outbox, id, kStart);
    EXPECT_FALSE(outbox.has_room());
    outbox.take();
    EXPECT_FALSE(outbox.has_room()) << "what is under way may come back";
    outbox.answered(verdicts(3, VerdictKind::Duplicate));
    EXPECT_TRUE(outbox.has_room());
}

TEST(Outbox, SendsAFailedBatchAgainAfterItsPauseAndBeforeAllElse) {
    Outbox outbox(options());
    for (const char* id : {"a", "b", "c", "d"}) put(outbox, id, kStart);
    outbox.take();
    outbox.failed(kFailure, kStart, 99);
    EXPECT_EQ(outbox.due(), kStart + milliseconds(100));
    EXPECT_EQ(outbox.first_open(), 1U);
    EXPECT_EQ(ids(outbox.open_events(2)), (Ids{"a", "b"}));
    EXPECT_EQ(outbox.take(), (Texts{"a", "b", "c"}));
    outbox.failed(kFailure, kStart, 199);
    EXPECT_EQ(outbox.due(), kStart + milliseconds(200));
    outbox.take();
    const auto settled = outbox.answered(verdicts(3, VerdictKind::Duplicate));
    EXPECT_EQ(settled[0].verdict.attempts, 3);
    EXPECT_TRUE(settled[0].verdict.is_counted());
    EXPECT_EQ(outbox.first_open(), 4U);
}

TEST(Outbox, WaitsAsLongAsTheServerWants) {
    Outbox outbox(options());
    put(outbox, "a", kStart);
    outbox.hurry();
    outbox.take();
    Error busy = kFailure;
    busy.retry_after = seconds(9);
    outbox.failed(busy, kStart, 49);
    outbox.hurry();
    EXPECT_EQ(outbox.due(), kStart + milliseconds(9'050)) << "a hurry does not break the pause";
}

TEST(Outbox, HandsARefusedBatchBack) {
    Outbox outbox(options());
    for (const char* id : {"a", "b", "c", "d"}) put(outbox, id, kStart);
    outbox.take();
    const Error refusal{ErrorKind::Refused, "access.key_invalid", "", {}, {}, {}};
    const auto settled = outbox.refused(refusal);
    ASSERT_EQ(settled.size(), 3U);
    EXPECT_EQ(settled[2].event.id, "c");
    EXPECT_EQ(settled[2].verdict.kind, VerdictKind::Unconfirmed);
    EXPECT_EQ(settled[2].verdict.error->code, "access.key_invalid");
    EXPECT_EQ(settled[2].verdict.error->event_ids, Ids{"c"});
    EXPECT_EQ(outbox.size(), 1U);
}

TEST(Outbox, SaysWhatItGivesUpAndWhetherItWasTried) {
    Outbox outbox(options());
    for (const char* id : {"a", "b", "c", "d"}) put(outbox, id, kStart);
    outbox.take();
    outbox.failed(kFailure, kStart, 0);
    const auto left = outbox.give_up();
    ASSERT_EQ(left.size(), 4U);
    EXPECT_EQ(left[0].event.id, "a");
    EXPECT_EQ(left[0].verdict.attempts, 1);
    EXPECT_EQ(left[0].verdict.error->code, "client.timed_out");
    EXPECT_EQ(left[3].verdict.attempts, 0);
    EXPECT_EQ(left[3].verdict.error->code, "client.not_sent");
    EXPECT_EQ(outbox.size(), 0U);
}

/// An outbox under random use, with a server that counts every id once.
class Model {
public:
    void step() {
        const auto due = outbox_.due();
        const int choice = *rc::gen::inRange(0, 4);
        if (choice == 0 && outbox_.has_room())
            put(outbox_, std::to_string(++made_), now_);
        else if (choice == 1)
            now_ += milliseconds(*rc::gen::inRange(0, 2'000));
        else if (choice == 2)
            outbox_.hurry();
        else if (due && *due <= now_)
            send();
        RC_ASSERT(outbox_.size() <= options().queue_max);
        RC_ASSERT(outbox_.first_open().has_value() == (outbox_.size() > 0));
    }
    void finish() {
        settle(outbox_.give_up());
        RC_ASSERT(settled_.size() == static_cast<std::size_t>(made_));
        for (const auto& [id, verdict] : settled_)
            RC_ASSERT(!verdict.is_counted() || counted_.contains(id));
    }

private:
    void send() {
        const auto batch = outbox_.take();
        RC_ASSERT(!batch.empty() && batch.size() <= options().batch_max);
        std::vector<Verdict> answer;
        const bool arrives = *rc::gen::arbitrary<bool>();
        for (const auto id : batch) {
            if (!arrives) continue;
            answer.push_back(verdicts(1, counted_.emplace(id).second ? VerdictKind::Accepted
                                                                     : VerdictKind::Duplicate)[0]);
        }
        const auto random = *rc::gen::arbitrary<std::uint64_t>();
        if (arrives && *rc::gen::arbitrary<bool>())
            settle(outbox_.answered(answer));
        else
            outbox_.failed(kFailure, now_, random);
    }
    void settle(const std::vector<Outbox::Settled>& settled) {
        for (const auto& [event, verdict] : settled)
            RC_ASSERT(settled_.emplace(event.id, verdict).second);
    }

    Outbox outbox_{options()};
    Clock::Steady now_ = kStart;
    int made_ = 0;
    std::set<std::string, std::less<>> counted_;
    std::map<std::string, Verdict> settled_;
};

RC_GTEST_PROP(Outbox, GivesEveryEventExactlyOneVerdict, ()) {
    Model model;
    const int steps = *rc::gen::inRange(0, 300);
    for (int i = 0; i < steps; ++i) model.step();
    model.finish();
}

}  // namespace
}  // namespace turnpike::client
