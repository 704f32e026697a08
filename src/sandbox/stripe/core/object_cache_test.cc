#include "sandbox/stripe/core/object_cache.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "json/value.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

Json thing(const std::string& id, int size, const std::string& customer = "") {
    return {{"id", id}, {"object", "thing"}, {"size", size}, {"customer", customer}};
}

/// Ids of a list, newest first.
std::string listed(Context& ctx, const ListFilter& filter = {}) {
    std::string ids;
    for (const Json& each : ctx.list("thing", filter)) ids += each.at("id").get<std::string>();
    return ids;
}

class StoredObjects : public ::testing::Test {
protected:
    template <class Work>
    void in(Work work) {
        sandbox_.in_transaction([&](Context& ctx) {
            work(ctx);
            return true;
        });
    }
    BillingSandbox sandbox_;
};

TEST_F(StoredObjects, AreFoundAndListedInTheTransactionThatPutsThem) {
    in([](Context& ctx) {
        ctx.put(thing("a", 1, "ada"));
        EXPECT_EQ(ctx.find("thing", "a")->at("size"), 1);
        EXPECT_EQ(listed(ctx), "a");
        ctx.put(thing("a", 2, "bob"));
        EXPECT_EQ(listed(ctx, {.customer = "ada"}), "");
        EXPECT_EQ(listed(ctx, {.customer = "bob"}), "a");
        EXPECT_EQ(ctx.count("thing", {.customer = "bob"}), 1);
        EXPECT_EQ(ctx.list_ids("thing", {.customer = "bob"}), std::vector<std::string>{"a"});
    });
    in([](Context& ctx) { EXPECT_EQ(ctx.find("thing", "a")->at("size"), 2); });
}

TEST_F(StoredObjects, AreNumberedInTheOrderInWhichTheyCame) {
    in([](Context& ctx) {
        ctx.put(thing("a", 1));
        ctx.put(thing("b", 1));
        ctx.put(thing("c", 1));
        ctx.put(thing("a", 2));
    });
    in([](Context& ctx) {
        ctx.put(thing("b", 2));
        ctx.put(thing("d", 1));
    });
    in([](Context& ctx) { EXPECT_EQ(listed(ctx), "dcba"); });
}

TEST_F(StoredObjects, StayAsTheyWereFoundForWhoLooksAtThem) {
    in([](Context& ctx) {
        ctx.put(thing("a", 1));
        const auto before = ctx.look("thing", "a");
        ctx.put(thing("a", 2));
        EXPECT_EQ(before->at("size"), 1);
        EXPECT_EQ(ctx.look("thing", "a")->at("size"), 2);
        EXPECT_EQ(ctx.look("thing", "b"), nullptr);
    });
}

TEST_F(StoredObjects, AreAsTheyWereAfterARetreat) {
    in([](Context& ctx) { ctx.put(thing("old", 1)); });
    in([](Context& ctx) {
        ctx.put(thing("old", 2));
        Retreat outer(ctx);
        ctx.put(thing("old", 3));
        {
            Retreat inner(ctx);
            ctx.put(thing("old", 4));
            ctx.put(thing("new", 1));
            inner.undo();
            inner.close();
        }
        EXPECT_EQ(ctx.find("thing", "old")->at("size"), 3);
        EXPECT_FALSE(ctx.find("thing", "new"));
        outer.undo();
        outer.close();
        EXPECT_EQ(ctx.find("thing", "old")->at("size"), 2);
    });
    in([](Context& ctx) { EXPECT_EQ(ctx.find("thing", "old")->at("size"), 2); });
}

TEST_F(StoredObjects, AreGoneWhenRemoved) {
    in([](Context& ctx) { ctx.put(thing("old", 1)); });
    in([](Context& ctx) {
        ctx.put(thing("old", 2));
        ctx.put(thing("new", 1));
        ctx.remove("thing", "old");
        ctx.remove("thing", "new");
        EXPECT_FALSE(ctx.find("thing", "old"));
        EXPECT_EQ(listed(ctx), "");
        ctx.put(thing("new", 5));
    });
    in([](Context& ctx) { EXPECT_EQ(listed(ctx), "new"); });
}

TEST_F(StoredObjects, LeaveATombstoneThatIsNotFound) {
    in([](Context& ctx) {
        ctx.put(thing("a", 1));
        ctx.bury("thing", "a");
        EXPECT_FALSE(ctx.find("thing", "a"));
        EXPECT_TRUE(ctx.find_deleted("thing", "a"));
    });
    in([](Context& ctx) {
        EXPECT_EQ(ctx.look("thing", "a"), nullptr);
        EXPECT_TRUE(ctx.find_deleted("thing", "a"));
        EXPECT_EQ(listed(ctx), "");
    });
}

TEST_F(StoredObjects, FallDueWhenTheyWereLastToldTo) {
    const Instant now = sandbox_.now();
    in([&](Context& ctx) {
        ctx.put(thing("late", 1));
        ctx.put_due(thing("late", 1), now + 2h, "");
        ctx.put(thing("soon", 1));
        ctx.put_due(thing("soon", 1), now + 3h, "");
        ctx.put_due(thing("soon", 1), now + 1h, "");
        ctx.put_due(thing("nothing", 1), now, "");
        const auto due = ctx.next_due(now + 5h, "");
        ASSERT_TRUE(due);
        EXPECT_EQ(due->object.at("id"), "soon");
        EXPECT_EQ(due->when, now + 1h);
    });
    in([&](Context& ctx) {
        ctx.put_due(thing("soon", 1), std::nullopt, "");
        ctx.put(thing("late", 9));
        const auto due = ctx.next_due(now + 5h, "");
        ASSERT_TRUE(due);
        EXPECT_EQ(due->when, now + 2h);
        EXPECT_EQ(due->object.at("size"), 9);
    });
}

TEST_F(StoredObjects, MayBeMoreThanAreKeptInMemory) {
    constexpr int kMany = 1'200;
    in([](Context& ctx) {
        for (int i = 0; i < kMany; ++i) {
            ctx.put(thing("t" + std::to_string(i), i));
            if (i % 100 == 0) EXPECT_EQ(ctx.count("thing", {}), i + 1);
        }
        for (int i = 0; i < kMany; ++i)
            EXPECT_EQ(ctx.find("thing", "t" + std::to_string(i))->at("size"), i);
    });
}

}  // namespace
}  // namespace turnpike::twin
