#include "catalog/plan_service.h"

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "catalog/plan_wire.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

const Instant kMade = from_unix_seconds(1'725'148'800);
const Authority kStaff{"admin:root", "req_1"};

class PlansOverTheApi : public sql::DatabaseTest {
protected:
    template <class Work>
    auto write(Work work) {
        return db().write_blocking(work);
    }
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        apply("api-metering");
        apply("saas-orgs");
    }
    void apply(const char* preset) {
        const auto file = read_catalog_file(*preset_catalog(preset)).value();
        write([&](sql::Transaction& tx) { return apply_catalog(tx, file, kMade, ids_).value(); });
    }
    Result<PlanVersion> create(const char* body) {
        const auto wanted = read_new_plan(*parse_json(body));
        if (!wanted) return failure(wanted);
        return write(
            [&](sql::Transaction& tx) { return create_plan(tx, *wanted, kStaff, kMade, ids_); });
    }
    Result<PlanVersion> patch(const char* ref, const char* body) {
        const auto read = read_plan_patch(*parse_json(body));
        if (!read) return failure(read);
        const PlanChange change{ref, *read, kStaff};
        return write([&](sql::Transaction& tx) { return change_plan(tx, change, kMade, ids_); });
    }
    Result<PlanVersion> archive(const char* ref) {
        return write(
            [&](sql::Transaction& tx) { return archive_plan(tx, ref, kStaff, kMade, ids_); });
    }
    Catalog catalog() {
        return db().read_blocking([](sql::Transaction& tx) { return load_catalog(tx); });
    }
    std::vector<std::string> audit_of(const PlanId& plan) {
        std::vector<std::string> actions;
        for (const auto& one :
             db().read_blocking([](sql::Transaction& tx) { return list_audit(tx, {}, {}); }))
            if (one.entry.object_id == plan.text()) actions.push_back(one.entry.action);
        std::ranges::sort(actions);  // at one instant there is no order of time
        return actions;
    }
    SeededIdSource ids_{7};
};
INSTANTIATE_TEST_SUITE_P(, PlansOverTheApi, sql::both_engines(), sql::engine_name);

std::string told(const Result<PlanVersion>& result) {
    if (result) return "good";
    std::string text(result.error().reason.text());
    for (const FieldError& field : result.error().fields)
        text += " " + field.pointer + " " + field.code;
    return text;
}

constexpr const char* kProfessional = R"({
    "catalog": "saas-orgs", "key": "professional", "name": "Professional",
    "description": "For teams",
    "prices": [{"currency": "usd", "interval": "month", "amount": 4900},
               {"currency": "usd", "interval": "year", "amount": 49000},
               {"currency": "inr", "interval": "month", "amount": 399900}],
    "features": {"users": 10, "projects": {"limit": 50}, "advanced_analytics": true}})";

// A patch may name the amount or the currency alone.
TEST_P(PlansOverTheApi, APriceThatNoProviderChargesIsRefused) {
    EXPECT_EQ(told(create(R"({"key":"big","name":"Big","prices":[
                              {"currency":"usd","amount":100000000}]})")),
              "request.invalid_body /prices/0/amount out_of_range");
    EXPECT_EQ(told(create(R"({"key":"kwd","name":"Kwd","prices":[
                              {"currency":"kwd","amount":1234}]})")),
              "catalog.bad_plan /prices/0/amount not_chargeable");
    ASSERT_EQ(told(create(R"({"key":"most","name":"Most","prices":[
                              {"currency":"usd","amount":99999999}]})")),
              "good");
    PlanChange change{"most", {}, kStaff};
    change.patch.first_price.currency = Currency::Kwd;
    const auto patched = [&] {
        return told(
            write([&](sql::Transaction& tx) { return change_plan(tx, change, kMade, ids_); }));
    };
    EXPECT_EQ(patched(), "catalog.bad_plan /prices/0/amount not_chargeable");
    change.patch.first_price.currency = Currency::Usd;
    change.patch.first_price.amount = 100'000'000;
    EXPECT_EQ(patched(), "catalog.bad_plan /prices/0/amount out_of_range");
}

TEST_P(PlansOverTheApi, APlanSaysHowLongATrialMayBe) {
    constexpr const char* kPlan = R"({"key":"long","name":"Long","trial_days_max":60,
        "prices":[{"currency":"usd","amount":900}]})";
    const auto made = create(kPlan);
    ASSERT_TRUE(made) << told(made);
    EXPECT_EQ(made->trial_days_max, 60);
    const auto none = patch("long", R"({"trial_days_max":0})");
    EXPECT_EQ(none->trial_days_max, 0);
    EXPECT_EQ(none->number, made->number) << "it is the plan's, not a version's";
    EXPECT_EQ(catalog().plan("", "long")->trial_days_max, 0);
    EXPECT_EQ(catalog().plan("", "pro")->trial_days_max, 30);
    EXPECT_EQ(told(patch("long", R"({"trial_days_max":731})")),
              "request.invalid_body /trial_days_max out_of_range");
}

TEST_P(PlansOverTheApi, APlanIsMadeWithAllThatItHas) {
    const auto made = create(kProfessional);
    ASSERT_TRUE(made) << told(made);
    EXPECT_EQ(made->catalog, "saas-orgs");
    EXPECT_EQ(made->rank, 2) << "above free (0) and pro (1)";
    EXPECT_EQ(made->origin, Origin::Api);
    EXPECT_EQ(made->number, 1);
    EXPECT_FALSE(made->is_default);
    EXPECT_EQ(made->prices.size(), 3U);
    EXPECT_EQ(made->price(Currency::Usd, {Interval::Year, 1})->amount.minor(), 49'000);
    EXPECT_EQ(*made->feature("users"), FeatureValue(Capacity{10}));
    EXPECT_EQ(*made->feature("projects"), FeatureValue(Capacity{50}));
    EXPECT_EQ(*catalog().plan("saas-orgs~professional"), *made);
    EXPECT_EQ(audit_of(made->plan), std::vector<std::string>{"plan.created"});
}

// Some interfaces show or sell the first price only: what /v1 sells, too, when no other is named.
TEST_P(PlansOverTheApi, TheFirstPriceIsTheOneThatIsBoughtUnasked) {
    const auto made = create(R"({"catalog":"saas-orgs","key":"multi","name":"Multi","prices":[
        {"currency":"eur","interval":"month","amount":1900},
        {"currency":"usd","interval":"day","amount":100},
        {"currency":"usd","interval":"month","amount":2000},
        {"currency":"eur","interval":"year","amount":19000},
        {"currency":"usd","interval":"month","interval_count":3,"amount":5500}]})");
    ASSERT_TRUE(made) << told(made);
    std::vector<std::int64_t> amounts;
    for (const Price& price : catalog().plan("saas-orgs", "multi")->prices)
        amounts.push_back(price.amount.minor());
    EXPECT_EQ(amounts, (std::vector<std::int64_t>{2'000, 5'500, 100, 1'900, 19'000}));
}

TEST_P(PlansOverTheApi, AnApplyLeavesItAlone) {
    const auto made = create(kProfessional);
    const auto file = read_catalog_file(*preset_catalog("saas-orgs")).value();
    EXPECT_EQ(plan_diff(catalog(), file), std::vector<CatalogDifference>{});
    auto other = file;
    other.plans[1].name = "Pro";
    write([&](sql::Transaction& tx) { return apply_catalog(tx, other, kMade, ids_).value(); });
    EXPECT_EQ(*catalog().plan("saas-orgs~professional"), *made);
    other.plans[1].key = "professional";
    const auto refused =
        write([&](sql::Transaction& tx) { return apply_catalog(tx, other, kMade, ids_); });
    EXPECT_EQ(refused.error().reason, Reason("catalog.plan_key_taken"));
}

TEST_P(PlansOverTheApi, BadPlansAreToldWhatIsWrong) {
    struct Case {
        const char* name;
        const char* body;
        const char* told;
    };
    const Case cases[] = {
        {"no price", R"({"key":"x","name":"X"})", "catalog.bad_plan /prices required"},
        {"a price and none", R"({"key":"x","name":"X","custom_price":true,
            "prices":[{"currency":"usd","amount":1}]})",
         "catalog.bad_plan /prices custom_price"},
        {"unknown currency", R"({"key":"x","name":"X","prices":[{"currency":"xxx","amount":1}]})",
         "request.invalid_body /prices/0/currency unknown_currency"},
        {"a negative price", R"({"key":"x","name":"X","prices":[{"currency":"usd","amount":-1}]})",
         "request.invalid_body /prices/0/amount out_of_range"},
        {"a fraction", R"({"key":"x","name":"X","prices":[{"currency":"usd","amount":1.5}]})",
         "request.invalid_body /prices/0/amount wrong_type"},
        {"too much", R"({"key":"x","name":"X",
            "prices":[{"currency":"usd","amount":1000000000000001}]})",
         "request.invalid_body /prices/0/amount out_of_range"},
        {"an absurd interval", R"({"key":"x","name":"X",
            "prices":[{"currency":"usd","amount":1,"interval":"month","interval_count":37}]})",
         "request.invalid_body /prices/0/interval_count out_of_range"},
        {"two of a kind", R"({"key":"x","name":"X","prices":[{"currency":"usd","amount":1},
            {"currency":"usd","amount":2,"interval":"month","interval_count":1}]})",
         "catalog.bad_plan /prices/1 duplicate"},
        {"an unknown catalog", R"({"catalog":"zap","key":"x","name":"X","custom_price":true})",
         "catalog.no_such_catalog"},
        {"a bad key", R"({"key":"Pro!","name":"X","custom_price":true})",
         "request.invalid_body /key bad_key"},
        {"a look-alike letter", "{\"key\":\"\xd1\x80ro\",\"name\":\"X\",\"custom_price\":true}",
         "request.invalid_body /key bad_key"},
        {"a key that is taken", R"({"key":"pro","name":"X","custom_price":true})",
         "catalog.plan_key_taken"},
        {"a rank that is taken", R"({"key":"x","name":"X","rank":2,"custom_price":true})",
         "catalog.rank_taken"},
        {"a default", R"({"key":"x","name":"X","is_default":true,"custom_price":true})",
         "request.invalid_body /is_default unknown_field"},
        {"an unknown feature", R"({"catalog":"saas-orgs","key":"x","name":"X",
            "custom_price":true,"features":{"zap":true}})",
         "catalog.bad_plan /features/zap unknown_feature"},
        {"another kind", R"({"catalog":"saas-orgs","key":"x","name":"X","custom_price":true,
            "features":{"users":true}})",
         "catalog.bad_plan /features/users wrong_kind"},
        {"a negative capacity", R"({"catalog":"saas-orgs","key":"x","name":"X",
            "custom_price":true,"features":{"users":-1}})",
         "request.invalid_body /features/users bad_value"},
        {"an absurd capacity", R"({"catalog":"saas-orgs","key":"x","name":"X",
            "custom_price":true,"features":{"users":1000000001}})",
         "request.invalid_body /features/users bad_value"},
        {"another catalog's meter", R"({"catalog":"saas-orgs","key":"x","name":"X",
            "custom_price":true,"allowances":[{"meter":"api_calls","included":"1"}]})",
         "catalog.bad_plan /allowances/0/meter unknown_meter"},
        {"overage that nobody bills", R"({"key":"x","name":"X","custom_price":true,
            "allowances":[{"meter":"api_calls","included":"1","overage_unit_price":"0.1"}]})",
         "request.invalid_body /allowances/0/overage_unit_price overage_is_not_billed"},
        {"overage by the day", R"({"key":"x","name":"X","custom_price":true,
            "allowances":[{"meter":"api_calls","included":"1","overage_policy":"bill",
            "overage_unit_price":"0.1","reset":"day"}]})",
         "request.invalid_body /allowances/0/reset overage_needs_billing_period"},
        {"one window twice", R"({"key":"x","name":"X","custom_price":true,
            "allowances":[{"meter":"api_calls","included":"1"},
            {"meter":"api_calls","included":"2"}]})",
         "catalog.bad_plan /allowances/1 duplicate"},
    };
    const Catalog before = catalog();
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(told(create(c.body)), c.told);
    }
    EXPECT_EQ(catalog(), before);
}

TEST_P(PlansOverTheApi, KeysThatReadAlikeAreOneKey) {
    ASSERT_TRUE(create(R"({"key":"early-bird","name":"X","custom_price":true})"));
    EXPECT_EQ(told(create(R"({"key":"early_bird","name":"X","custom_price":true})")),
              "catalog.plan_key_taken");
    EXPECT_TRUE(
        create(R"({"catalog":"saas-orgs","key":"early_bird","name":"X","custom_price":true})"));
}

TEST_P(PlansOverTheApi, OfTwentyAtOnceOneIsMade) {
    constexpr int kCallers = 20;
    std::latch ready(kCallers);
    std::atomic<int> made = 0;
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < kCallers; ++i)
            callers.emplace_back([&] {
                NewPlan wanted;
                wanted.plan.key = wanted.plan.name = "x";
                wanted.plan.custom_price = true;
                RandomIdSource ids;
                ready.arrive_and_wait();
                const auto result = write([&](sql::Transaction& tx) {
                    return create_plan(tx, wanted, kStaff, kMade, ids);
                });
                if (result) ++made;
            });
    }
    EXPECT_EQ(made, 1);
    EXPECT_EQ(catalog().plan("x")->number, 1);
}

TEST_P(PlansOverTheApi, AChangeOfContentIsTheNextVersion) {
    const auto first = create(kProfessional);
    ASSERT_TRUE(first);
    const auto named = patch("saas-orgs~professional", R"({"name":"Pro","description":""})");
    ASSERT_TRUE(named);
    EXPECT_EQ(named->number, 1);
    EXPECT_EQ(named->id, first->id);
    EXPECT_EQ(named->name, "Pro");
    const auto richer = patch(first->plan.text().c_str(), R"({
        "prices": [{"currency": "usd", "amount": 5900}],
        "features": {"users": "unlimited", "advanced_analytics": null}})");
    ASSERT_TRUE(richer) << told(richer);
    EXPECT_EQ(richer->number, 2);
    EXPECT_EQ(richer->prices.size(), 1U);
    EXPECT_EQ(*richer->feature("users"), FeatureValue(Capacity{}));
    EXPECT_EQ(*richer->feature("projects"), FeatureValue(Capacity{50}));
    EXPECT_EQ(richer->feature("advanced_analytics"), nullptr);
    const auto again = patch("saas-orgs~professional", R"({"features":{"users":"unlimited"}})");
    EXPECT_EQ(again->number, 2);
    EXPECT_EQ(audit_of(first->plan),
              (std::vector<std::string>{"plan.created", "plan.updated", "plan.updated"}));
    const auto versions = db().read_blocking(
        [](sql::Transaction& tx) { return load_plan_versions(tx, "saas-orgs~professional"); });
    ASSERT_EQ(versions->size(), 2U);
    EXPECT_EQ((*versions)[1].id, first->id);
    EXPECT_EQ((*versions)[1].prices.size(), 3U) << "who has subscribed keeps what he has";
}

TEST_P(PlansOverTheApi, ArchivedPlansAreNotSoldAndStayThere) {
    ASSERT_TRUE(create(kProfessional));
    const auto archived = archive("saas-orgs~professional");
    ASSERT_TRUE(archived);
    EXPECT_TRUE(archived->is_archived);
    EXPECT_TRUE(archive("saas-orgs~professional")) << "the same again changes nothing";
    EXPECT_EQ(audit_of(archived->plan),
              (std::vector<std::string>{"plan.archived", "plan.created"}));
    EXPECT_EQ(catalog().plan("saas-orgs~professional"), nullptr);
    const auto older = db().read_blocking(load_archived_plans);
    ASSERT_EQ(older.size(), 1U);
    EXPECT_EQ(older[0].key, "professional");
    EXPECT_EQ(told(patch("saas-orgs~professional", R"({"name":"X"})")), "catalog.plan_archived");
    EXPECT_EQ(told(create(kProfessional)), "catalog.plan_key_taken");
    EXPECT_EQ(told(archive("saas-orgs~free")), "catalog.default_plan");
    for (const char* nobody : {"zap", "saas-orgs~zap", "zap~pro", "api-metering~pro", "~", ""})
        EXPECT_EQ(told(archive(nobody)), "catalog.no_such_plan") << nobody;
}

TEST_P(PlansOverTheApi, AFeatureIsAddedAndKeptByAnApply) {
    const auto add = [&](const char* body) -> std::string {
        const auto wanted = read_new_feature(*parse_json(body));
        if (!wanted) return std::string(wanted.error().reason.text());
        const auto made = write(
            [&](sql::Transaction& tx) { return create_feature(tx, *wanted, kStaff, kMade, ids_); });
        return made ? "good" : std::string(made.error().reason.text());
    };
    EXPECT_EQ(add(R"({"key":"sso","name":"Single sign-on"})"), "good");
    EXPECT_EQ(add(R"({"key":"sso","name":"Again"})"), "catalog.feature_key_taken");
    EXPECT_EQ(add(R"({"key":"api_calls","name":"A meter"})"), "catalog.feature_key_taken");
    EXPECT_EQ(add(R"({"catalog":"saas-orgs","key":"sso","name":"Another's"})"), "good");
    EXPECT_EQ(add(R"({"catalog":"zap","key":"sso","name":"X"})"), "catalog.no_such_catalog");
    EXPECT_EQ(add(R"({"key":"x","name":"X","kind":"metered"})"), "request.invalid_body");
    EXPECT_EQ(add(R"({"key":"x","name":"X","kind":"zap"})"), "request.invalid_body");
    ASSERT_TRUE(patch("pro", R"({"features":{"sso":true}})"));
    EXPECT_EQ(catalog().plan("pro")->number, 2);
    apply("api-metering");
    EXPECT_EQ(catalog().feature("", "sso")->origin, Origin::Api);
    EXPECT_EQ(catalog().plan("pro")->number, 3) << "the file says what its own plans have";
}

}  // namespace
}  // namespace turnpike
