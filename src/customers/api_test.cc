#include "customers/api.h"

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "audit/audit.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::admin;
using testing::code_of;
using testing::request_with;
using testing::run;
using testing::seen;

class CustomersApiTest : public ::testing::Test {
protected:
    Result<http::Response> post(const std::string& body) {
        return run(api_.post_customer(admin(), request_with(body)));
    }
    Result<http::Response> get(const Principal& caller, const std::string& ref) {
        auto request = request_with("");
        request.path_values = {{"customer", ref}};
        return run(api_.get_customer(caller, request));
    }
    Result<http::Response> patch(const std::string& ref, const std::string& body) {
        auto request = request_with(body);
        request.path_values = {{"customer", ref}};
        return run(api_.patch_customer(admin(), request));
    }
    Result<http::Response> list(std::vector<std::pair<std::string, std::string>> query) {
        auto request = request_with("");
        request.query = std::move(query);
        return run(api_.get_customers(admin(), request));
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    ManualClock clock_{from_unix_seconds(1'700'000'000)};
    SeededIdSource ids_{1};
    CursorCodec cursors_{std::string(32, 'k')};
    CustomersApi api_{*db_, clock_, ids_, cursors_};
};

TEST_F(CustomersApiTest, CreatesAndShows) {
    const auto created = seen(post(
        R"({"external_id":"alice","email":"a@example.com","name":"Alice","metadata":{"k":"v"}})"));
    EXPECT_EQ(created.status, 201);
    const auto id = created.body["id"].get<std::string>();
    EXPECT_TRUE(CustomerId::parse(id));
    const auto expected = parse_json(
        R"({"id":")" + id +
        R"(","object":"customer","external_id":"alice","catalog":"","email":"a@example.com",)"
        R"("name":"Alice","metadata":{"k":"v"},"test_clock":null,)"
        R"("created_at":"2023-11-14T22:13:20Z",)"
        R"("version":1})");
    EXPECT_EQ(created.body, *expected);
    for (const auto& ref : {id, std::string("alice"), std::string("ext:alice")}) {
        const auto shown = seen(get(admin(), ref));
        EXPECT_EQ(shown.status, 200);
        EXPECT_EQ(shown.body, *expected);
    }
}

TEST_F(CustomersApiTest, Refusals) {
    ASSERT_TRUE(post(R"({"external_id":"taken"})"));
    const std::pair<const char*, std::pair<int, const char*>> cases[] = {
        {R"({})", {400, "request.invalid_body"}},
        {R"([])", {400, "request.invalid_body"}},
        {R"({"external_id":"a","surprise":1})", {400, "request.invalid_body"}},
        {R"({"external_id":7})", {400, "request.invalid_body"}},
        {R"({"external_id":"a","metadata":{"k":1}})", {400, "request.invalid_body"}},
        {R"({"external_id":"a","test_clock":"x"})", {400, "request.invalid_body"}},
        {R"({"external_id":"a b"})", {400, "customer.invalid_external_id"}},
        {R"({"external_id":"ext:a"})", {400, "customer.invalid_external_id"}},
        {R"({"external_id":"a","email":"nobody"})", {400, "customer.invalid_email"}},
        {R"({"external_id":"a","email":"a@-x.com"})", {400, "customer.invalid_email"}},
        {R"({"external_id":"a","email":"a>b<c@x.com"})", {400, "customer.invalid_email"}},
        {R"({"external_id":"a","name":"4242424242424242"})", {422, "request.card_number"}},
        {R"({"external_id":"a","metadata":{"pan":"4242 4242 4242 4242"}})",
         {422, "request.card_number"}},
        {R"({"external_id":"a","test_clock":"clock_01HF00000000000000000000AA"})",
         {422, "customer.unknown_test_clock"}},
        {R"({"external_id":"taken"})", {409, "customer.exists"}},
        {R"({"external_id":"a",})", {400, "json.invalid"}},
        {R"({"external_id":"a","email":null})", {400, "request.invalid_body"}},
        {R"({"external_id":"a","metadata":{"k":null}})", {400, "request.invalid_body"}},
    };
    for (const auto& [body, expected] : cases) {
        SCOPED_TRACE(body);
        const auto answer = post(body);
        EXPECT_EQ(code_of(answer), expected.second);
        EXPECT_EQ(seen(answer).status, expected.first);
        // A refused number must not come back in the answer, and from there into logs.
        EXPECT_EQ(to_text(seen(answer).body).find("4242"), std::string::npos);
    }
    EXPECT_EQ(seen(list({})).body["data"].size(), 1U);
}

TEST_F(CustomersApiTest, MergePatch) {
    ASSERT_TRUE(post(R"({"external_id":"alice","email":"a@b.c","metadata":{"a":"1","b":"2"}})"));
    auto body = seen(patch("alice", R"({"name":"Alice","metadata":{"a":null,"c":"3"}})")).body;
    EXPECT_EQ(body["name"], "Alice");
    EXPECT_EQ(body["email"], "a@b.c");
    EXPECT_EQ(to_text(body["metadata"]), R"({"b":"2","c":"3"})");
    EXPECT_EQ(body["version"], 2);
    body = seen(patch("alice", R"({"email":null,"metadata":null})")).body;
    EXPECT_TRUE(body["email"].is_null());
    EXPECT_EQ(to_text(body["metadata"]), "{}");
    body = seen(patch("alice", "{}")).body;
    EXPECT_EQ(body["version"], 3);

    EXPECT_EQ(code_of(patch("alice", R"({"external_id":"bob"})")), "request.invalid_body");
    EXPECT_EQ(code_of(patch("alice", R"({"test_clock":null})")), "request.invalid_body");
    EXPECT_EQ(code_of(patch("alice", R"({"name":7})")), "request.invalid_body");
    EXPECT_EQ(code_of(patch("alice", R"({"metadata":[]})")), "request.invalid_body");
    EXPECT_EQ(code_of(patch("alice", "7")), "request.invalid_body");
    EXPECT_EQ(code_of(patch("nobody", "{}")), "customer.not_found");
}

TEST_F(CustomersApiTest, SomebodyElseLooksExactlyLikeNobody) {
    ASSERT_TRUE(post(R"({"external_id":"alice"})"));
    ASSERT_TRUE(post(R"({"external_id":"bob"})"));
    const auto bob = testing::user("bob");
    const auto foreign = seen(get(bob, "alice")), absent = seen(get(bob, "nobody"));
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(absent.status, 404);
    EXPECT_EQ(foreign.body, absent.body);
    EXPECT_EQ(seen(get(bob, "bob")).status, 200);
}

TEST_F(CustomersApiTest, ListsInPagesThatBelongToThisListing) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(post(R"({"external_id":"c)" + std::to_string(i) + R"("})"));
        clock_.advance(std::chrono::seconds(1));
    }
    std::vector<std::string> names;
    std::vector<std::pair<std::string, std::string>> query{{"limit", "2"}};
    for (int pages = 1;; ++pages) {
        const auto page = seen(list(query)).body;
        EXPECT_EQ(page["object"], "list");
        for (const auto& one : page["data"]) names.push_back(one["external_id"]);
        EXPECT_EQ(page["has_more"], pages < 3);
        if (page["next_cursor"].is_null()) break;
        query = {{"limit", "2"}, {"cursor", page["next_cursor"]}};
    }
    EXPECT_EQ(names, (std::vector<std::string>{"c4", "c3", "c2", "c1", "c0"}));

    const auto foreign = cursors_.seal("api_keys ", {clock_.now(), "x"});
    EXPECT_EQ(code_of(list({{"cursor", foreign}})), "access.cursor_invalid");
    EXPECT_EQ(code_of(list({{"cursor", ""}})), "access.cursor_invalid");
}

TEST_F(CustomersApiTest, QueryParametersAreChecked) {
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"limit", "0"},
                                                          {"limit", "101"},
                                                          {"limit", "-1"},
                                                          {"limit", "1 "},
                                                          {"limit", ""},
                                                          {"limit", "99999999999999999999"},
                                                          {"created_at[gte]", "yesterday"},
                                                          {"created_at[lt]", "2024-01-01"},
                                                          {"created_at", "2024-01-01T00:00:00Z"},
                                                          {"emial", "a@b.c"}})
        EXPECT_EQ(code_of(list({{name, value}})), "request.invalid_query") << name << value;
    EXPECT_EQ(code_of(list({{"limit", "1"}, {"limit", "2"}})), "request.invalid_query");
    EXPECT_EQ(code_of(list({{"limit", "100"}})), "ok");
    ASSERT_TRUE(post(R"({"external_id":"alice"})"));
    EXPECT_EQ(seen(list({{"created_at[gte]", "2023-11-14T22:13:20Z"}})).body["data"].size(), 1U);
    EXPECT_EQ(seen(list({{"created_at[lt]", "2023-11-14T22:13:20Z"}})).body["data"].size(), 0U);
}

TEST_F(CustomersApiTest, ACreationIsAuditedWithItsRequest) {
    ASSERT_TRUE(post(R"({"external_id":"alice"})"));
    const auto records =
        db_->read_blocking([](sql::Transaction& tx) { return list_audit(tx, std::nullopt, {}); });
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].entry.actor, "admin:root");
    EXPECT_EQ(records[0].entry.action, "customer.created");
    EXPECT_EQ(records[0].entry.request_id, "req_test");
}

}  // namespace
}  // namespace turnpike
