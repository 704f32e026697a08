#include "keys/api.h"

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "audit/audit.h"
#include "customers/service.h"
#include "keys/wire.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::admin;
using testing::code_of;
using testing::request_with;
using testing::run;
using testing::seen;

class KeysApiTest : public ::testing::Test {
protected:
    Result<http::Response> post(const std::string& body, const Principal& caller = admin()) {
        return run(api_.post_api_key(caller, request_with(body)));
    }
    Result<http::Response> remove(const std::string& id) {
        auto request = request_with("");
        request.path_values = {{"api_key", id}};
        return run(api_.delete_api_key(admin(), request));
    }
    Result<http::Response> list(std::vector<std::pair<std::string, std::string>> query) {
        auto request = request_with("");
        request.query = std::move(query);
        return run(api_.get_api_keys(admin(), request));
    }
    std::string name_of(const std::string& secret) {
        http::Request request;
        request.headers = {{"X-API-Key", secret}};
        const auto principal = run(authenticator_.authenticate(request));
        return principal ? principal->name : std::string(principal.error().reason.text());
    }
    CustomerId customer(const std::string& external_id) {
        return db_
            ->write_blocking([&](sql::Transaction& tx) {
                return ensure_customer(tx, external_id, std::nullopt, clock_.now(), ids_);
            })
            ->id;
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    ManualClock clock_{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids_;
    CursorCodec cursors_{std::string(32, 'k')};
    Authenticator authenticator_{*KeySet::make({}), KeyMode::Test, *db_, clock_};
    KeysApi api_{*db_, clock_, ids_, authenticator_, cursors_};
};

TEST_F(KeysApiTest, TheSecretIsShownOnceAndWorks) {
    const auto answer = post(R"({"name":"ci","scopes":["usage:write","usage:read"]})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 201);
    ASSERT_NE(http::find_header(answer->headers, "Cache-Control"), nullptr);
    EXPECT_EQ(*http::find_header(answer->headers, "Cache-Control"), "no-store");

    auto body = seen(answer).body;
    const std::string secret = body["secret"], id = body["id"];
    EXPECT_EQ(read_key_shape(secret), KeyPrefix::SellerTest);
    EXPECT_EQ(name_of(secret), "key:" + id);
    body.erase("secret");
    EXPECT_EQ(to_text(body),
              R"({"id":")" + id + R"(","object":"api_key","kind":"seller","name":"ci",)" +
                  R"("customer":null,"scopes":["usage:write","usage:read"],"hint":"tp_test_...)" +
                  secret.substr(42) + R"(","created_at":"2023-11-14T22:13:20Z",)" +
                  R"("expires_at":null,"revoked_at":null})");

    const auto listed = seen(list({})).body;
    ASSERT_EQ(listed["data"].size(), 1U);
    EXPECT_EQ(listed["data"][0], body);
    const auto records =
        db_->read_blocking([](sql::Transaction& tx) { return list_audit(tx, std::nullopt, {}); });
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].entry.action, "api_key.created");
    EXPECT_EQ(to_text(records[0].entry.detail).find(secret.substr(8, 32)), std::string::npos);
}

TEST_F(KeysApiTest, ACustomersKeyActsForThatCustomer) {
    const auto alice = customer("alice");
    const auto body = seen(post(R"({"name":"app","customer":"ext:alice"})")).body;
    EXPECT_EQ(body["kind"], "customer");
    EXPECT_EQ(body["customer"], alice.text());
    http::Request request;
    request.headers = {{"X-API-Key", body["secret"].get<std::string>()}};
    const auto principal = run(authenticator_.authenticate(request));
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, PrincipalKind::Customer);
    EXPECT_EQ(principal->customer, alice);

    ASSERT_TRUE(post(R"({"name":"ci","scopes":["usage:read"]})"));
    EXPECT_EQ(seen(list({{"customer", "alice"}})).body["data"].size(), 1U);
    EXPECT_EQ(seen(list({})).body["data"].size(), 2U);
    EXPECT_EQ(code_of(list({{"customer", "nobody"}})), "customer.not_found");
}

TEST_F(KeysApiTest, Refusals) {
    customer("alice");
    const std::pair<const char*, const char*> cases[] = {
        {R"({})", "request.invalid_body"},
        {R"({"name":"x"})", "request.invalid_body"},
        {R"({"name":"x","scopes":[]})", "request.invalid_body"},
        {R"({"name":"x","scopes":["everything"]})", "request.invalid_body"},
        {R"({"name":"x","scopes":"usage:read"})", "request.invalid_body"},
        {R"({"name":"x","scopes":["usage:read"],"customer":"alice"})", "request.invalid_body"},
        {R"({"name":"","scopes":["usage:read"]})", "request.invalid_body"},
        {R"({"name":"x","scopes":["usage:read"],"secret":"tp_"})", "request.invalid_body"},
        {R"({"name":"x","customer":"nobody"})", "customer.not_found"},
        {R"({"name":"x","scopes":["usage:read"],"expires_at":"2023-11-14T22:13:20Z"})",
         "access.expires_in_the_past"},
    };
    for (const auto& [body, expected] : cases) EXPECT_EQ(code_of(post(body)), expected) << body;
    EXPECT_TRUE(seen(list({})).body["data"].empty());
}

TEST_F(KeysApiTest, AnUnknownScopeIsOneComplaintThatListsTheOthers) {
    const auto body = seen(post(R"({"name":"x","scopes":["zap","zip"]})")).body;
    ASSERT_EQ(body["errors"].size(), 1U);
    EXPECT_EQ(body["errors"][0]["code"], "unknown_scope");
    const std::string detail = body["errors"][0]["detail"];
    for (const Scope scope : every_scope())
        EXPECT_NE(detail.find(to_text(scope)), std::string::npos) << detail;
}

TEST_F(KeysApiTest, AKeyNeverGetsAScopeThatItsMakerLacks) {
    const auto maker = testing::seller({Scope::KeysWrite, Scope::UsageRead});
    EXPECT_EQ(code_of(post(R"({"name":"x","scopes":["usage:read"]})", maker)), "ok");
    for (const auto* scope : {"usage:write", "operations", "billing:read"}) {
        const auto answer =
            post(std::string(R"({"name":"x","scopes":["usage:read",")") + scope + R"("]})", maker);
        EXPECT_EQ(code_of(answer), "access.scope_not_held");
        EXPECT_EQ(seen(answer).status, 403);
    }
}

TEST_F(KeysApiTest, ADeletedKeyStopsAtOnceAndDeletingAgainIsTheSame) {
    const auto body = seen(post(R"({"name":"ci","scopes":["usage:read"]})")).body;
    const std::string secret = body["secret"], id = body["id"];
    ASSERT_EQ(name_of(secret), "key:" + id);
    clock_.advance(std::chrono::seconds(1));
    const auto first = seen(remove(id));
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.body["revoked_at"], "2023-11-14T22:13:21Z");
    EXPECT_EQ(name_of(secret), "access.key_invalid");
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(seen(remove(id)).body, first.body);
    for (const auto* other : {"", "x", "key_01HF00000000000000000000AA"})
        EXPECT_EQ(code_of(remove(other)), "access.key_not_found");

    std::vector<std::string> actions;
    for (const auto& record :
         db_->read_blocking([](sql::Transaction& tx) { return list_audit(tx, std::nullopt, {}); }))
        actions.push_back(record.entry.action);
    EXPECT_EQ(actions, (std::vector<std::string>{"api_key.revoked", "api_key.created"}));
}

}  // namespace
}  // namespace turnpike
