#include "audit/audit.h"

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "audit/api.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kNow = from_unix_seconds(1'700'000'000);
constexpr std::string_view kAlice = "cus_01HF00000000000000000000AA";

class AuditTest : public sql::DatabaseTest {
protected:
    void add(Instant at, const std::string& action, const std::string& customer = "") {
        AuditEntry entry{at, "admin:root", action, "obj_1", customer, "req_1"};
        entry.detail["n"] = 1;
        db().write_blocking([&](sql::Transaction& tx) {
            record(tx, entry, ids_);
            return true;
        });
    }
    Result<http::Response> list(std::vector<std::pair<std::string, std::string>> query) {
        AuditApi api{db(), cursors_,
                     [](sql::Transaction&, std::string_view ref) -> Result<CustomerId> {
                         if (ref == "ext:alice") return CustomerId::trusted(std::string(kAlice));
                         return not_found("customer.not_found", "there is no such customer");
                     }};
        auto request = testing::request_with("");
        request.query = std::move(query);
        return testing::run(api.get_audit_events(testing::admin(), request));
    }
    std::vector<std::string> actions(std::vector<std::pair<std::string, std::string>> query) {
        std::vector<std::string> found;
        const auto body = testing::seen(list(std::move(query))).body;
        for (const auto& one : body["data"]) found.push_back(one["action"]);
        return found;
    }
    SeededIdSource ids_{3};
    CursorCodec cursors_{std::string(32, 'k')};
};
INSTANTIATE_TEST_SUITE_P(, AuditTest, sql::both_engines(), sql::engine_name);

TEST_P(AuditTest, ShowsWhatWasRecordedNewestFirst) {
    const std::string customer = "cus_01HF00000000000000000000AA";
    add(kNow, "plan.created");
    add(kNow + 1s, "subscription.started", customer);
    const auto body = testing::seen(list({})).body;
    ASSERT_EQ(body["data"].size(), 2U);
    auto first = body["data"][0];
    EXPECT_TRUE(AuditEventId::parse(first["id"].get<std::string>()));
    first.erase("id");
    EXPECT_EQ(to_text(first),
              R"({"object":"audit_event","created_at":"2023-11-14T22:13:21Z","actor":"admin:root",)"
              R"("action":"subscription.started","object_id":"obj_1",)"
              R"("customer":"cus_01HF00000000000000000000AA","request_id":"req_1",)"
              R"("detail":{"n":1}})");
    EXPECT_TRUE(body["data"][1]["customer"].is_null());
}

TEST_P(AuditTest, FiltersByCustomerAndPages) {
    const std::string alice = "cus_01HF00000000000000000000AA";
    const std::string bob = "cus_01HF00000000000000000000BB";
    for (int i = 0; i < 3; ++i) {
        add(kNow, "a" + std::to_string(i), alice);
        add(kNow, "b" + std::to_string(i), bob);
    }
    EXPECT_EQ(actions({}).size(), 6U);
    EXPECT_EQ(actions({{"customer", alice}}).size(), 3U);
    const auto page = testing::seen(list({{"customer", alice}, {"limit", "2"}})).body;
    const std::string cursor = page["next_cursor"];
    const auto rest = actions({{"customer", alice}, {"cursor", cursor}});
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0][0], 'a');
    // A cursor of one customer's listing does not open another's.
    EXPECT_EQ(testing::code_of(list({{"customer", bob}, {"cursor", cursor}})),
              "access.cursor_invalid");
    EXPECT_EQ(actions({{"customer", "ext:alice"}}), actions({{"customer", alice}}));
    EXPECT_EQ(testing::code_of(list({{"customer", "ext:nobody"}})), "customer.not_found");
}

TEST_P(AuditTest, ARecordGoesWithTheDeedThatFailed) {
    const auto failed = db().write_blocking([&](sql::Transaction& tx) -> Result<bool> {
        record(tx, {kNow, "a", "b", "c", "", ""}, ids_);
        return unavailable("audit_test.failed", "no");
    });
    EXPECT_FALSE(failed);
    EXPECT_TRUE(actions({}).empty());
}

}  // namespace
}  // namespace turnpike
