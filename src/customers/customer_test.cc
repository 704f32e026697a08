#include "customers/customer.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Customer, ExternalIds) {
    const std::string longest(128, 'x');
    for (const std::string& good : {std::string("a"), longest, std::string("auth0|5f7c8ec7c33c6c"),
                                    std::string("alice@example.com"), std::string("org:7-B_2.x"),
                                    std::string("cus_1"), std::string("extra:1")})
        EXPECT_TRUE(check_external_id(good)) << good;
    for (const std::string& bad :
         {std::string(), longest + 'x', std::string("a b"), std::string("a/b"), std::string("a\n"),
          std::string("\xc3\xa9"), std::string("a\0b", 3), std::string("ext:a"),
          std::string("cus_01HF00000000000000000000AA"), std::string("a%b"), std::string("a'b")}) {
        const auto result = check_external_id(bad);
        ASSERT_FALSE(result) << bad;
        EXPECT_EQ(result.error().reason.text(), "customer.invalid_external_id");
    }
}

// What an address is: base/mail_address_test.cc.
TEST(Customer, Emails) {
    for (const auto* good : {"a@b", "a+b@c.example", "m\xc3\xbcller@b.de"})
        EXPECT_TRUE(check_email(good)) << good;
    for (const auto* bad : {"", "alice.example", "a>b<c@x.com", "a@-x.com", "a..b@x.com"}) {
        const auto result = check_email(bad);
        ASSERT_FALSE(result) << bad;
        EXPECT_EQ(result.error().reason.text(), "customer.invalid_email");
    }
}

Customer alice() {
    return {.id = CustomerId::trusted("cus_01HF00000000000000000000AA"),
            .external_id = "alice",
            .email = "alice@example.com",
            .name = "Alice",
            .metadata = {{"a", "1"}, {"b", "2"}},
            .test_clock = std::nullopt,
            .created_at = from_unix_seconds(1'700'000'000)};
}

TEST(CustomerPatch, AbsentMembersStayAndNullsClear) {
    EXPECT_EQ(*apply_patch(alice(), {}), alice());

    CustomerPatch patch;
    patch.email = std::optional<std::string>();
    patch.metadata = {{"a", std::nullopt}, {"b", "3"}, {"c", "4"}, {"gone", std::nullopt}};
    const auto patched = apply_patch(alice(), patch);
    ASSERT_TRUE(patched);
    EXPECT_EQ(patched->email, std::nullopt);
    EXPECT_EQ(patched->name, "Alice");
    EXPECT_EQ(patched->metadata, (Metadata{{"b", "3"}, {"c", "4"}}));

    CustomerPatch clear;
    clear.clear_metadata = CustomerPatch::Clear::Yes;
    EXPECT_EQ(apply_patch(alice(), clear)->metadata, Metadata{});
}

TEST(CustomerPatch, EverythingIsChecked) {
    const auto reason = [](const CustomerPatch& patch) {
        const auto result = apply_patch(alice(), patch);
        return result ? "ok" : std::string(result.error().reason.text());
    };
    CustomerPatch bad_email, too_much;
    bad_email.email = "nobody";
    for (int i = 0; i < 49; ++i) too_much.metadata.emplace_back("k" + std::to_string(i), "v");
    EXPECT_EQ(reason(bad_email), "customer.invalid_email");
    EXPECT_EQ(reason(too_much), "customer.too_much_metadata");  // 2 + 49
    too_much.metadata.pop_back();
    EXPECT_EQ(reason(too_much), "ok");
}

}  // namespace
}  // namespace turnpike
