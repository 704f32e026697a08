#include "sandbox/razorpay/subscription_state.h"

#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike::twin::razorpay {
namespace {

using enum State;
using enum Trigger;

const std::vector<State> kStates{Created, Authenticated, Active,    Pending, Halted,
                                 Paused,  Cancelled,     Completed, Expired};
const std::vector<Trigger> kTriggers{Authenticate, Charged, ChargeFailed, GiveUp, Pause,
                                     Resume,       Cancel,  Complete,     Expire};

// razorpay.com/docs/payments/subscriptions/states, in words there.
TEST(RazorpaySubscriptionState, MovesAsDocumentedAndNotOtherwise) {
    const std::set<std::tuple<State, Trigger, State>> documented{
        {Created, Authenticate, Authenticated},
        {Created, Charged, Active},
        {Created, Cancel, Cancelled},
        {Created, Expire, Expired},
        {Authenticated, Charged, Active},
        {Authenticated, ChargeFailed, Pending},
        {Authenticated, Pause, Cancelled},
        {Authenticated, Cancel, Cancelled},
        {Active, Charged, Active},
        {Active, ChargeFailed, Pending},
        {Active, Pause, Paused},
        {Active, Cancel, Cancelled},
        {Active, Complete, Completed},
        {Pending, Charged, Active},
        {Pending, ChargeFailed, Pending},
        {Pending, GiveUp, Halted},
        {Pending, Cancel, Cancelled},
        {Pending, Complete, Completed},
        {Halted, Charged, Active},
        {Halted, Cancel, Cancelled},
        {Halted, Complete, Completed},
        {Paused, Resume, Active},
        {Paused, Cancel, Cancelled},
    };
    for (const State from : kStates) {
        for (const Trigger trigger : kTriggers) {
            SCOPED_TRACE(std::string(name_of(from)) + " " +
                         std::to_string(static_cast<int>(trigger)));
            const auto next = next_state(from, trigger);
            std::size_t expected = 0;
            for (const auto& [source, by, target] : documented)
                if (source == from && by == trigger) {
                    ++expected;
                    EXPECT_EQ(next, target);
                }
            EXPECT_EQ(next.has_value(), expected == 1);
        }
    }
}

TEST(RazorpaySubscriptionState, ReadsItsOwnNames) {
    for (const State state : kStates) EXPECT_EQ(parse_state(name_of(state)), state);
    EXPECT_FALSE(parse_state("resumed").has_value());
}

}  // namespace
}  // namespace turnpike::twin::razorpay
