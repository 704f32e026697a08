#include "webhooks/api.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::run;
using Query = std::vector<std::pair<std::string, std::string>>;

class InboxListing : public sql::DatabaseTest {
protected:
    Result<InboxPage> list(Query query) {
        http::Request request;
        request.query = std::move(query);
        return run(read_inbox_page(db(), cursors_, request, Payloads::Omit));
    }
    void store(const std::string& id) {
        db().write_blocking([&](sql::Transaction& tx) {
            return store_event(tx, {"stripe", id, "invoice.paid", "{}"}, ids_, now_);
        });
    }

    const Instant now_ = from_unix_seconds(1'726'358'400);
    RandomIdSource ids_;
    CursorCodec cursors_{std::string(32, 'k')};
};

TEST_P(InboxListing, IsNarrowedByState) {
    store("evt_1");
    EXPECT_EQ(list({{"state", "pending"}})->events.size(), 1U);
    EXPECT_TRUE(list({{"state", "dead"}})->events.empty());
}

// A filter that is not understood must not answer everything.
TEST_P(InboxListing, RefusesWhatItDoesNotKnow) {
    store("evt_1");
    const std::vector<std::pair<Query, std::string>> cases{
        {{{"stat", "dead"}}, "request.invalid_query"},
        {{{"state", "dead"}, {"state", "done"}}, "request.invalid_query"},
        {{{"state", "deed"}}, "webhook.invalid_query"},
        {{{"limit", "101"}}, "webhook.invalid_query"},
    };
    for (const auto& [query, reason] : cases) {
        const auto page = list(query);
        ASSERT_FALSE(page) << query.front().first;
        EXPECT_EQ(page.error().reason.text(), reason) << query.front().first;
    }
}

INSTANTIATE_TEST_SUITE_P(, InboxListing, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
