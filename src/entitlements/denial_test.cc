#include <gtest/gtest.h>

#include "entitlements/wire.h"

namespace turnpike {
namespace {

struct LimitCase {
    int used, limit;
    const char* message;
};

// What is left is the limit less what is used.
TEST(Denial, CountsOneAsOne) {
    for (const auto& [used, limit, message] : {
             LimitCase{0, 0, "asked for 9 calls, and 0 are left: 0 of 0 are used in this period"},
             LimitCase{0, 1, "asked for 9 calls, and 1 is left: 0 of 1 are used in this period"},
             LimitCase{1, 1, "asked for 9 calls, and 0 are left: 1 of 1 is used in this period"},
             LimitCase{1, 2, "asked for 9 calls, and 1 is left: 1 of 2 is used in this period"},
             LimitCase{1, 3, "asked for 9 calls, and 2 are left: 1 of 3 is used in this period"},
             LimitCase{2, 3, "asked for 9 calls, and 1 is left: 2 of 3 are used in this period"},
             LimitCase{2, 4, "asked for 9 calls, and 2 are left: 2 of 4 are used in this period"},
         }) {
        Decision decision;
        decision.reason = DecisionReason::LimitExceeded;
        decision.requested = Quantity::whole(9);
        decision.used = Quantity::whole(used);
        decision.limit = Quantity::whole(limit);
        decision.remaining = Quantity::whole(limit - used);
        const auto told = denial(decision, "calls", from_unix_seconds(0));
        EXPECT_EQ(told.message, message);
    }
}

// A half is not one.
TEST(Denial, CountsPartsAsMany) {
    Decision decision;
    decision.reason = DecisionReason::LimitExceeded;
    decision.requested = Quantity::whole(1);
    decision.used = *Quantity::parse("1.5");
    decision.limit = Quantity::whole(2);
    decision.remaining = *Quantity::parse("0.5");
    EXPECT_EQ(denial(decision, "gb", from_unix_seconds(0)).message,
              "asked for 1 gb, and 0.5 are left: 1.5 of 2 are used in this period");
}

}  // namespace
}  // namespace turnpike
