#include "webhooks/delivery_rule.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using namespace std::chrono_literals;

const Instant kNow = from_unix_seconds(1'700'000'000);  // Tue, 14 Nov 2023 22:13:20 GMT

// spec/api-conventions.md: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
TEST(WaitAfterTry, FollowsTheScheduleOfSeventyFiveHours) {
    const Duration waits[] = {5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h};
    Duration all{};
    for (std::int64_t tries = 1; tries <= 9; ++tries) {
        SCOPED_TRACE(tries);
        EXPECT_EQ(wait_after_try(tries, 0), waits[tries - 1]);
        all += *wait_after_try(tries, 0);
    }
    // 5 s + 5 min + 30 min = 35 min 5 s; 2 + 5 + 10 + 14 + 20 + 24 = 75 h.
    EXPECT_EQ(all, 75h + 35min + 5s);
    EXPECT_EQ(wait_after_try(10, 0), std::nullopt);
    EXPECT_EQ(wait_after_try(0, 0), std::nullopt);
}

TEST(WaitAfterTry, IsUpToATenthLonger) {
    EXPECT_EQ(wait_after_try(3, 0), Duration(30min));
    EXPECT_EQ(wait_after_try(3, 500), Duration(31min + 30s));  // 30 min and a twentieth
    EXPECT_EQ(wait_after_try(3, 1'000), Duration(33min));
}

TEST(JudgeAnswer, OnlyTwoHundredsAreDelivered) {
    const struct {
        int status;
        DeliveryVerdict verdict;
        std::optional<Duration> pause;
    } cases[] = {
        {200, DeliveryVerdict::Delivered, std::nullopt},
        {204, DeliveryVerdict::Delivered, std::nullopt},
        {299, DeliveryVerdict::Delivered, std::nullopt},
        {301, DeliveryVerdict::Failed, std::nullopt},
        {302, DeliveryVerdict::Failed, std::nullopt},
        {400, DeliveryVerdict::Failed, std::nullopt},
        {404, DeliveryVerdict::Failed, std::nullopt},
        {410, DeliveryVerdict::Gone, std::nullopt},
        {429, DeliveryVerdict::Failed, 30s},
        {500, DeliveryVerdict::Failed, std::nullopt},
        {502, DeliveryVerdict::Failed, 30s},
        {503, DeliveryVerdict::Failed, std::nullopt},
        {504, DeliveryVerdict::Failed, 30s},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.status);
        const auto judgement = judge_answer(c.status, "", kNow);
        EXPECT_EQ(judgement.verdict, c.verdict);
        EXPECT_EQ(judgement.pause, c.pause);
        EXPECT_EQ(judgement.problem.empty(), c.verdict == DeliveryVerdict::Delivered);
    }
}

TEST(JudgeAnswer, HonoursRetryAfter) {
    EXPECT_EQ(judge_answer(429, "120", kNow).pause, Duration(120s));
    EXPECT_EQ(judge_answer(503, "7", kNow).pause, Duration(7s));
    EXPECT_EQ(judge_answer(503, "Tue, 14 Nov 2023 22:14:20 GMT", kNow).pause, Duration(60s));
    EXPECT_EQ(judge_answer(503, "Tue, 14 Nov 2023 22:00:00 GMT", kNow).pause, Duration(0));
    EXPECT_EQ(judge_answer(503, "99999999", kNow).pause, Duration(24h)) << "at most a day";
    EXPECT_EQ(judge_answer(503, "soon", kNow).pause, std::nullopt);
    EXPECT_EQ(judge_answer(503, "-5", kNow).pause, std::nullopt);
    EXPECT_EQ(judge_answer(503, "Tue, 99 Nov 2023 22:14:20 GMT", kNow).pause, std::nullopt);
}

}  // namespace
}  // namespace turnpike
