#include "sandbox/stripe/coupons/applied.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.h"
#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json percent(const std::string& id, std::int64_t scaled) {
    return {{"id", id},
            {"end", nullptr},
            {"duration", "forever"},
            {"percent", scaled},
            {"amounts", Json::object()},
            {"products", nullptr}};
}

Json amount(const std::string& id, std::int64_t usd) {
    Json terms = percent(id, 0);
    terms["percent"] = nullptr;
    terms["amounts"]["usd"] = usd;
    return terms;
}

Json line(std::int64_t cents, const std::vector<Json>& discounts = {},
          const std::string& product = "prod_1") {
    Json made;
    made["amount"] = cents;
    made["discountable"] = true;
    made["discount_amounts"] = Json::array();
    made["pricing"]["price_details"]["product"] = product;
    set_discounts(made, discounts);
    return made;
}

Json invoice(const std::vector<Json>& lines, const std::vector<Json>& discounts) {
    Json made;
    made["currency"] = "usd";
    made["lines"]["data"] = lines;
    set_discounts(made, discounts);
    return made;
}

/// Amounts of discount_amounts, line by line.
std::vector<std::vector<std::int64_t>> taken_off(const Json& invoice) {
    std::vector<std::vector<std::int64_t>> taken;
    for (const Json& each : invoice.at("lines").at("data")) {
        taken.emplace_back();
        for (const auto& share : shares_of(each.at("discount_amounts")))
            taken.back().push_back(share.amount);
    }
    return taken;
}

using Rows = std::vector<std::vector<std::int64_t>>;

TEST(AppliedDiscounts, ComeOffInOrderItemsFirst) {
    const Json ten = percent("di_ten", 100'000), five = amount("di_five", 500);
    Json other_currency = amount("di_eur", 0);
    other_currency["amounts"] = {{"eur", 500}};
    Json one_product = percent("di_one", 500'000);
    one_product["products"] = {"prod_2"};
    Json fixed = line(1000);
    fixed["discountable"] = false;
    const struct {
        const char* name;
        std::vector<Json> lines, discounts;
        Rows taken;
        std::int64_t by_lines, by_invoice;
    } cases[] = {
        {"documented: 5 off 10 and 20", {line(1000), line(2000)}, {five}, {{166}, {334}}, 0, 500},
        {"percent, then amount", {line(1000)}, {ten, five}, {{100, 500}}, 0, 600},
        {"amount, then percent", {line(1000)}, {five, ten}, {{500, 50}}, 0, 550},
        // The item's half leaves 500; 10 % of that.
        {"item first", {line(1000, {percent("di_half", 500'000)})}, {ten}, {{500, 50}}, 500, 50},
        {"more than there is", {line(300), line(100)}, {five}, {{300}, {100}}, 0, 400},
        {"nothing left", {line(300)}, {five, ten}, {{300, 0}}, 0, 300},
        {"of one product",
         {line(1000), line(1000, {}, "prod_2")},
         {one_product},
         {{}, {500}},
         0,
         500},
        {"of one product, on another's line", {line(1000, {one_product})}, {}, {{}}, 0, 0},
        {"in another currency", {line(1000)}, {other_currency}, {{}}, 0, 0},
        {"not discountable", {fixed, line(1000)}, {five}, {{}, {500}}, 0, 500},
        {"a credit", {line(-1000), line(1000)}, {ten}, {{}, {100}}, 0, 100},
        {"a trial", {line(0)}, {five}, {{0}}, 0, 0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        Json bill = invoice(c.lines, c.discounts);
        const Reductions reductions = apply_discounts(bill);
        EXPECT_EQ(taken_off(bill), c.taken);
        EXPECT_EQ(reductions.by_lines, c.by_lines);
        EXPECT_EQ(reductions.by_invoice, c.by_invoice);
        std::int64_t sum = 0;
        for (const auto& share : shares_of(bill.at("total_discount_amounts"))) sum += share.amount;
        EXPECT_EQ(sum, c.by_lines + c.by_invoice);
        // Summed up again, it is the same.
        const Json first = bill;
        apply_discounts(bill);
        EXPECT_EQ(bill, first);
    }
}

TEST(AppliedDiscounts, AreSummedUpPerDiscount) {
    const Json own = amount("di_own", 100), whole = percent("di_whole", 100'000);
    Json bill = invoice({line(1100, {own}), line(500)}, {whole});
    apply_discounts(bill);
    EXPECT_EQ(to_text(bill.at("total_discount_amounts")),
              R"([{"amount":100,"discount":"di_own"},{"amount":150,"discount":"di_whole"}])");
    EXPECT_EQ(to_text(bill.at("total_pretax_credit_amounts").at(1)),
              R"({"amount":150,"discount":"di_whole","type":"discount"})");
    EXPECT_THAT(discounts_used(bill), ElementsAre("di_own", "di_whole", "di_whole"));
}

TEST(AppliedDiscounts, EndWithTheirTime) {
    Json ends = percent("di_ends", 100'000);
    ends["end"] = 1'000;
    const Json owner = line(100, {ends, percent("di_stays", 200'000)});
    EXPECT_EQ(discounts_at(owner, from_unix_seconds(999)).size(), 2U);
    const auto left = discounts_at(owner, from_unix_seconds(1'000));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left.front().at("id"), "di_stays");
    EXPECT_THAT(discounts_at(Json::object(), from_unix_seconds(0)), IsEmpty());
}

// Stripe's recorded bills with coupons.
TEST(AppliedDiscounts, AreThoseThatStripeRecorded) {
    std::ifstream file("tests/golden/stripe/discounts.json");
    for (const Json& recorded : Json::parse(file)) {
        SCOPED_TRACE(text_of(recorded, "file"));
        const Json discount = {{"id", "di_1"}, {"end", nullptr}};
        Json coupon = recorded.at("coupon");
        if (coupon.contains("amount_off"))
            coupon["currency_options"]["usd"]["amount_off"] = coupon.at("amount_off");
        const Json terms = discount_terms(discount, coupon);
        const bool of_line = recorded.at("level") == "line";
        std::vector<Json> lines;
        Rows expected;
        std::int64_t gross = 0;
        for (const Json& each : recorded.at("lines")) {
            lines.push_back(line(integer_of(each, "amount"),
                                 of_line ? std::vector{terms} : std::vector<Json>()));
            expected.push_back(each.at("discount_amounts").get<std::vector<std::int64_t>>());
            gross += integer_of(each, "amount");
        }
        Json bill = invoice(lines, of_line ? std::vector<Json>() : std::vector{terms});
        const Reductions reductions = apply_discounts(bill);
        EXPECT_EQ(taken_off(bill), expected);
        EXPECT_EQ(gross - reductions.by_lines, integer_of(recorded, "subtotal"));
        EXPECT_EQ(gross - reductions.by_lines - reductions.by_invoice,
                  integer_of(recorded, "total"));
    }
}

}  // namespace
}  // namespace turnpike::twin
