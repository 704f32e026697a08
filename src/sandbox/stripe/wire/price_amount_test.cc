#include "sandbox/stripe/wire/price_amount.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.h"
#include "sandbox/stripe/wire/amounts.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAreArray;

constexpr auto kUnits = PricePart::Kind::Units;
constexpr auto kFee = PricePart::Kind::FlatFee;

struct Tier {
    std::optional<std::int64_t> up_to;
    const char* unit = nullptr;  ///< decimal
    const char* flat = nullptr;
};
Json text_or_none(const char* text) { return text == nullptr ? Json() : Json(text); }

Json tiered(const std::string& mode, const std::vector<Tier>& tiers) {
    Json price{{"billing_scheme", "tiered"}, {"tiers_mode", mode}, {"tiers", Json::array()}};
    for (const auto& tier : tiers)
        price["tiers"].push_back({{"up_to", tier.up_to ? Json(*tier.up_to) : Json()},
                                  {"unit_amount_decimal", text_or_none(tier.unit)},
                                  {"flat_amount_decimal", text_or_none(tier.flat)}});
    return price;
}

struct PartCase {
    std::string name;
    Json price;
    std::int64_t quantity;
    std::vector<PricePart> parts;
};

PricePart units(std::size_t tier, std::int64_t quantity, std::string rate, std::int64_t amount) {
    return {tier, kUnits, quantity * kWholeUnit, std::move(rate), amount};
}
PricePart fee(std::size_t tier, std::string rate, std::int64_t amount) {
    return {tier, kFee, 0, std::move(rate), amount};
}

TEST(PriceParts, AreTheLinesOfAnInvoice) {
    // A real invoice of 2022: 1,031 credits, the first 1,000 for $9.00, then $0.036 each. Its lines
    // are 0, 900, 112 and 0 (111.6 cents, rounded on its own line; a fee of nothing).
    const Json credits = tiered("graduated", {{1'000, "0", "900"}, {{}, "3.6", "0"}});
    // Another one, of 2020: nothing used, yet the first tier's fee is charged.
    const Json characters = tiered("graduated", {{100'000, nullptr, "999"}, {{}, "0.02"}});
    // 5, 4 and 3 cents by volume.
    const Json volume = tiered("volume", {{10, "5"}, {100, "4", "50"}, {{}, "3"}});
    const std::vector<PartCase> cases{
        {"graduated",
         credits,
         1'031,
         {units(1, 1'000, "0", 0), fee(1, "900", 900), units(2, 31, "3.6", 112), fee(2, "0", 0)}},
        {"nothing used", characters, 0, {units(1, 0, "0", 0), fee(1, "999", 999)}},
        // 100,000 at 0 and 50 at 0.02 cents = 1 cent
        {"a fee, then units",
         characters,
         100'050,
         {units(1, 100'000, "0", 0), fee(1, "999", 999), units(2, 50, "0.02", 1)}},
        {"volume, first tier", volume, 10, {units(1, 10, "5", 50)}},
        {"volume, second tier", volume, 11, {units(2, 11, "4", 44), fee(2, "50", 50)}},
        {"volume, last tier", volume, 1'000, {units(3, 1'000, "3", 3'000)}},
        {"per unit", Json{{"unit_amount", 1'250}}, 3, {units(0, 3, "1250", 3'750)}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto parts = price_parts(c.price, c.quantity * kWholeUnit);
        EXPECT_THAT(parts, ElementsAreArray(c.parts));
        std::int64_t total = 0;
        for (const auto& part : c.parts) total += part.amount;
        EXPECT_EQ(total_of(c.price, c.quantity), total);
    }
}

TEST(PriceParts, PackagesAreBegunOrLeftOut) {
    const auto price = [](const char* round) {
        return Json{{"unit_amount", 500},
                    {"transform_quantity", {{"divide_by", 10}, {"round", round}}}};
    };
    EXPECT_EQ(total_of(price("up"), 0), 0);
    EXPECT_EQ(total_of(price("up"), 1), 500);
    EXPECT_EQ(total_of(price("up"), 10), 500);
    EXPECT_EQ(total_of(price("up"), 11), 1'000);
    EXPECT_EQ(total_of(price("down"), 9), 0);
    EXPECT_EQ(total_of(price("down"), 19), 500);
    // The line shows what was used.
    EXPECT_EQ(price_parts(price("up"), 11 * kWholeUnit).front().quantity, 11 * kWholeUnit);
}

TEST(PriceParts, PartsOfAUnitCountExactly) {
    // 0.25 units at 10 cents = 2.5 cents, half up
    EXPECT_EQ(price_parts(Json{{"unit_amount", 10}}, kWholeUnit / 4).front().amount, 3);
    // 1,500,000.5 at 0.000002 cents = 3.000001 cents
    EXPECT_EQ(price_parts(Json{{"unit_amount_decimal", "0.000002"}},
                          1'500'000 * kWholeUnit + kWholeUnit / 2)
                  .front()
                  .amount,
              3);
}

TEST(FormatRate, ShowsEveryPlace) {
    EXPECT_EQ(format_rate("900", "usd"), "$9.00");
    EXPECT_EQ(format_rate("3.6", "usd"), "$0.036");
    EXPECT_EQ(format_rate("1250.05", "usd"), "$12.5005");
    EXPECT_EQ(format_rate("0.25", "jpy"), "¥0.25");
}

}  // namespace
}  // namespace turnpike::twin
