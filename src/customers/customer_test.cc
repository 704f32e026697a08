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

TEST(Customer, Emails) {
    const std::string longest = std::string(242, 'a') + "@example.com";  // 254
    for (const std::string& good : {std::string("a@b"), longest, std::string("m\xc3\xbcller@b.de"),
                                    std::string("a+b@c.example")})
        EXPECT_TRUE(check_email(good)) << good;
    for (const std::string& bad :
         {std::string(), std::string("ab"), 'a' + longest, std::string("a@"), std::string("@b.c"),
          std::string("a@b@c"), std::string("a b@c.d"), std::string("a@b\r\nBcc: x@y.z"),
          std::string("a@b\x7f"), std::string("alice.example")})
        EXPECT_FALSE(check_email(bad)) << bad;
}

// The numbers are the card networks' published test numbers.
TEST(Customer, CardNumbersAreFound) {
    for (const char* text :
         {"4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005",
          "30569309025904", "4222222222222", "6011111111111117", "2223003122003222",
          "card: 5555555555554444.", "x4242424242424242y", "1, 4242424242424242",
          "4242424242424242 0", "4242 4242 4242 4242 12/26", "17 4242424242424242",
          "4242424242424242\n"})
        EXPECT_TRUE(holds_card_number(text)) << text;
    for (const char* text :
         {"", "4242424242424241", "424242424242", "42424242424242424242", "Alice", "+49 30 1234567",
          "1700000000000000",  // microseconds since 1970 begin with 1
          "2024-09-15", "4242 4242 4242  4242", "4242_4242_4242_4242"})
        EXPECT_FALSE(holds_card_number(text)) << text;
}

// Luhn finds every single wrong digit (ISO/IEC 7812-1, annex B).
TEST(Customer, OneWrongDigitIsNoCard) {
    const std::string card = "4242424242424242";
    for (std::size_t i = 1; i < card.size(); ++i)
        for (char digit = '0'; digit <= '9'; ++digit) {
            auto changed = card;
            changed[i] = digit;
            EXPECT_EQ(holds_card_number(changed), changed == card) << changed;
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
    CustomerPatch bad_email, card_name, card_metadata, card_key, too_much;
    bad_email.email = "nobody";
    card_name.name = "Alice 4242424242424242";
    card_metadata.metadata = {{"card", "4242 4242 4242 4242"}};
    card_key.metadata = {{"4242424242424242", "x"}};
    for (int i = 0; i < 49; ++i) too_much.metadata.emplace_back("k" + std::to_string(i), "v");
    EXPECT_EQ(reason(bad_email), "customer.invalid_email");
    EXPECT_EQ(reason(card_name), "customer.card_number");
    EXPECT_EQ(reason(card_metadata), "customer.card_number");
    EXPECT_EQ(reason(card_key), "customer.card_number");
    EXPECT_EQ(reason(too_much), "customer.too_much_metadata");  // 2 + 49
    too_much.metadata.pop_back();
    EXPECT_EQ(reason(too_much), "ok");
}

}  // namespace
}  // namespace turnpike
