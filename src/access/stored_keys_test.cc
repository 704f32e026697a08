#include "access/stored_keys.h"

#include <gtest/gtest.h>

#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kNow = from_unix_seconds(1'700'000'000);
const auto kAlice = CustomerId::trusted("cus_01HF00000000000000000000AA");

class KeyStore : public sql::DatabaseTest {
protected:
    ApiKey add(const std::string& hash, std::optional<CustomerId> customer = {}) {
        ApiKey key{.id = ids_.make<ApiKeyId>(kNow),
                   .customer = customer,
                   .name = "ci",
                   .scopes = {},
                   .hint = "tp_test_...abcd",
                   .created_at = kNow,
                   .expires_at = kNow + 24h,
                   .revoked_at = std::nullopt};
        if (!customer) key.scopes = {Scope::Operations, Scope::BillingRead};
        db().write_blocking([&](sql::Transaction& tx) {
            insert_key(tx, key, hash);
            return true;
        });
        return key;
    }
    SeededIdSource ids_{5};
};
INSTANTIATE_TEST_SUITE_P(, KeyStore, sql::both_engines(), sql::engine_name);

TEST_P(KeyStore, IsFoundByItsHashOnly) {
    const auto seller = add("aa"), customer = add("bb", kAlice);
    db().read_blocking([&](sql::Transaction& tx) {
        const auto found = find_key_by_hash(tx, "aa");
        EXPECT_TRUE(found);
        EXPECT_EQ(found->id, seller.id);
        EXPECT_EQ(found->scopes, seller.scopes);
        EXPECT_EQ(found->expires_at, seller.expires_at);
        EXPECT_EQ(found->customer, std::nullopt);
        const auto other = find_key_by_hash(tx, "bb");
        EXPECT_EQ(other->customer, kAlice);
        EXPECT_TRUE(other->scopes.empty());
        EXPECT_FALSE(find_key_by_hash(tx, "AA"));
        EXPECT_FALSE(find_key_by_hash(tx, ""));
        EXPECT_EQ(load_key(tx, customer.id)->id, customer.id);
        EXPECT_EQ(load_key(tx, ApiKeyId::trusted("key_")).error().reason.text(),
                  "access.key_not_found");
        return true;
    });
}

TEST_P(KeyStore, IsRevokedOnce) {
    const auto key = add("aa");
    db().write_blocking([&](sql::Transaction& tx) {
        EXPECT_TRUE(revoke_key(tx, key.id, kNow + 1s));
        EXPECT_FALSE(revoke_key(tx, key.id, kNow + 2s));
        const auto found = load_key(tx, key.id);
        EXPECT_EQ(found->revoked_at, kNow + 1s);
        EXPECT_FALSE(is_usable(*found, kNow));
        return true;
    });
}

TEST_P(KeyStore, IsListedByCustomer) {
    add("aa");
    const auto key = add("bb", kAlice);
    db().read_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(list_keys(tx, std::nullopt, {}).size(), 2U);
        const auto own = list_keys(tx, kAlice, {});
        EXPECT_EQ(own.size(), 1U);
        EXPECT_EQ(own.front().id, key.id);
        return true;
    });
}

TEST(ApiKey, IsUsableBeforeItsEnd) {
    ApiKey key{.id = ApiKeyId::trusted("key_1"),
               .customer = std::nullopt,
               .name = "",
               .scopes = {},
               .hint = "",
               .created_at = kNow,
               .expires_at = kNow + 1s,
               .revoked_at = std::nullopt};
    EXPECT_TRUE(is_usable(key, kNow + 999ms));
    EXPECT_FALSE(is_usable(key, kNow + 1s));
    key.expires_at.reset();
    EXPECT_TRUE(is_usable(key, kNow + 100'000h));
}

}  // namespace
}  // namespace turnpike
