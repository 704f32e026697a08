#include "dialects/saas_orgs_plan_wire.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace turnpike {
namespace {

/// As published.
Json published() {
    return *parse_json(R"({"name":"Professional","slug":"professional",
        "description":"For teams that grow","price_amount":4900,"currency":"usd",
        "interval":"month","max_users":10,"max_projects":50,
        "features":"Advanced analytics, Priority support, Custom integrations"})");
}

std::string complaint_of(const Json& body) {
    const auto read = read_saas_plan(body);
    if (read) return "good";
    std::string text;
    for (const FieldError& field : read.error().fields)
        text += (text.empty() ? "" : " ") + field.pointer + " " + field.code;
    return text;
}

TEST(SaasPlanWire, ReadsThePublishedExample) {
    const auto read = read_saas_plan(published());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->plan.name, "Professional");
    EXPECT_EQ(read->plan.key, "professional");
    ASSERT_EQ(read->plan.prices.size(), 1U);
    EXPECT_EQ(read->plan.prices.front().amount, Money(4900, Currency::Usd));
    EXPECT_EQ(read->plan.prices.front().recurrence, (Recurrence{Interval::Month, 1}));
    EXPECT_EQ(read->listed, (std::vector<std::string>{"Advanced analytics", "Priority support",
                                                      "Custom integrations"}));
    ASSERT_EQ(read->plan.features.size(), 2U);
    EXPECT_EQ(read->plan.features[0], (PlanFeature{"projects", Capacity{50}}));
    EXPECT_EQ(read->plan.features[1], (PlanFeature{"users", Capacity{10}}));
}

TEST(SaasPlanWire, SaysWhatIsWrong) {
    const struct {
        const char* name;
        const char* patch;
        const char* complaint;
    } cases[] = {
        {"negative", R"({"price_amount":-1})", "/price_amount out_of_range"},
        {"text", R"({"price_amount":"4900"})", "/price_amount wrong_type"},
        {"beyond any money", R"({"price_amount":1000000000000001})", "/price_amount out_of_range"},
        {"currency", R"({"currency":"xxx"})", "/currency unknown_currency"},
        {"by the week", R"({"interval":"week"})", "/interval wrong_value"},
        {"nobody", R"({"max_users":0})", "/max_users out_of_range"},
        {"less than nothing", R"({"max_projects":-1})", "/max_projects out_of_range"},
        {"slug", R"({"slug":"No Way"})", "/slug bad_key"},
        {"only shown", R"({"stripe_price_id":"price_1"})", "/stripe_price_id unknown_field"},
        {"without a price", R"({"price_amount":null})", "/price_amount wrong_type"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        Json body = published();
        body.update(*parse_json(c.patch));
        EXPECT_EQ(complaint_of(body), c.complaint);
    }
    Json unlimited = published();
    unlimited["max_users"] = nullptr;
    ASSERT_TRUE(read_saas_plan(unlimited));
    EXPECT_EQ(read_saas_plan(unlimited)->plan.features[1], (PlanFeature{"users", Capacity{}}));
    unlimited.erase("max_users");
    EXPECT_EQ(complaint_of(unlimited), "/max_users required");
}

TEST(SaasPlanWire, FeaturesAreNamesBetweenCommas) {
    Json body = published();
    body["features"] = " A ,, B,C, ";
    EXPECT_EQ(read_saas_plan(body)->listed, (std::vector<std::string>{"A", "B", "C"}));
    body["features"] = "";
    EXPECT_TRUE(read_saas_plan(body)->listed.empty());
    std::string many = "f0";
    for (int i = 1; i <= 100; ++i) many += ",f" + std::to_string(i);
    body["features"] = many;
    EXPECT_EQ(complaint_of(body), "/features too_many");
    body["features"] = std::string(256, 'x');
    EXPECT_EQ(complaint_of(body), "/features too_long");
}

TEST(SaasPlanWire, APatchLeavesTheRestAlone) {
    SeededIdSource ids{7};
    const PlanVersion plan{.id = ids.make<PlanVersionId>(Instant{}),
                           .plan = ids.make<PlanId>(Instant{}),
                           .key = "professional",
                           .name = "Professional",
                           .prices = {},
                           .allowances = {}};
    const auto patch = read_saas_plan_patch(*parse_json(R"({"price_amount":5900})"), plan);
    ASSERT_TRUE(patch);
    EXPECT_EQ(patch->first_price.amount, 5900);
    EXPECT_FALSE(patch->first_price.currency || patch->first_price.interval || patch->name ||
                 patch->listed);
    EXPECT_TRUE(patch->features.empty());
    EXPECT_TRUE(read_saas_plan_patch(*parse_json(R"({"slug":"professional"})"), plan));
    EXPECT_FALSE(read_saas_plan_patch(*parse_json(R"({"slug":"other"})"), plan));
}

}  // namespace
}  // namespace turnpike
