#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/deliveries.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"
#include "sandbox/stripe/versions/api_versions.h"
#include "sandbox/stripe/versions/basil_steps.h"
#include "sandbox/stripe/versions/version_steps.h"

namespace turnpike::twin {
namespace {

using ::testing::IsEmpty;
using testing::recorded;
using testing::shape_of;
using testing::TwinUnderTest;

TEST(VersionSteps, AreNewestFirstAndOfVersionsThatWere) {
    const auto steps = version_steps();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        SCOPED_TRACE(steps[i].version);
        EXPECT_TRUE(std::ranges::find(api_versions(), steps[i].version) != api_versions().end());
        if (i > 0) EXPECT_FALSE(is_older(steps[i - 1].version, steps[i].version));
    }
}

TEST(BasilStep, GivesASubscriptionThePeriodThatEndsFirst) {
    const Json item{{"current_period_start", 10}, {"current_period_end", 40}};
    const Json shorter{{"current_period_start", 20}, {"current_period_end", 30}};
    const Json discount{{"object", "discount"}};
    const Json undone = subscription_before_basil(
        Json{{"items", {{"data", {item, shorter}}}}, {"_discount", discount}});
    EXPECT_EQ(undone.at("current_period_start"), 20);
    EXPECT_EQ(undone.at("current_period_end"), 30);
    EXPECT_EQ(undone.at("discount"), discount);
    EXPECT_FALSE(undone.contains("_discount"));
}

TEST(BasilStep, SaysHowAnInvoiceWasPaid) {
    struct Case {
        const char* status;
        std::int64_t amount_paid;
        Json payment;
        bool paid, out_of_band;
    };
    const Json by_card{{"payment_intent", "pi"}, {"charge", "ch"}, {"paid", true}};
    const Json open{{"payment_intent", "pi"}, {"charge", nullptr}, {"paid", false}};
    const Case cases[] = {
        {"open", 0, open, false, false},    {"paid", 500, by_card, true, false},
        {"paid", 500, open, true, true},    {"paid", 0, Json(), true, false},
        {"draft", 0, Json(), false, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.status) + " " + to_text(c.payment));
        Json invoice{{"status", c.status}, {"amount_paid", c.amount_paid}};
        if (!c.payment.is_null()) invoice["_payment"] = c.payment;
        const Json undone = invoice_before_basil(invoice);
        EXPECT_EQ(undone.at("paid"), c.paid);
        EXPECT_EQ(undone.at("paid_out_of_band"), c.out_of_band);
        EXPECT_EQ(undone.at("payment_intent"), c.payment.is_null() ? Json() : Json("pi"));
        EXPECT_EQ(undone.at("charge"), c.payment.is_null() ? Json() : c.payment.at("charge"));
        EXPECT_EQ(undone.at("subscription"), nullptr);
    }
}

TEST(BasilStep, SaysWhereALineCameFrom) {
    const Json of_subscription = line_item_before_basil(
        Json{{"amount", 900},
             {"parent",
              {{"invoice_item_details", nullptr},
               {"subscription_item_details",
                {{"invoice_item", "ii"},
                 {"proration", true},
                 {"proration_details", {{"credited_items", {{"invoice", "in"}}}}},
                 {"subscription", "sub"},
                 {"subscription_item", "si"}}}}},
             {"pricing", {{"unit_amount_decimal", "450"}}},
             {"_price", {{"id", "price"}}},
             {"_plan", {{"id", "price"}}}});
    EXPECT_EQ(of_subscription.at("type"), "invoiceitem");
    EXPECT_EQ(of_subscription.at("invoice_item"), "ii");
    EXPECT_EQ(of_subscription.at("proration"), true);
    EXPECT_EQ(of_subscription.at("proration_details").at("credited_items").at("invoice"), "in");
    EXPECT_EQ(of_subscription.at("subscription"), "sub");
    EXPECT_EQ(of_subscription.at("subscription_item"), "si");
    EXPECT_EQ(of_subscription.at("price").at("id"), "price");
    EXPECT_EQ(of_subscription.at("plan").at("id"), "price");
    EXPECT_EQ(of_subscription.at("amount_excluding_tax"), 900);
    EXPECT_EQ(of_subscription.at("unit_amount_excluding_tax"), "450");
    const Json plain = line_item_before_basil(Json{
        {"amount", 1}, {"parent", {{"subscription_item_details", {{"subscription", "sub"}}}}}});
    EXPECT_EQ(plain.at("type"), "subscription");
    EXPECT_FALSE(plain.contains("invoice_item"));
    EXPECT_EQ(plain.at("price"), nullptr);
}

TEST(UndoVersions, ChangesNestedObjectsAndNoEvents) {
    const Json customer{
        {"object", "customer"},
        {"discount",
         {{"object", "discount"}, {"source", {{"coupon", "C"}}}, {"_coupon", {{"id", "C"}}}}}};
    const Json undone = undo_versions(customer, "2025-08-27.basil");
    EXPECT_EQ(undone.at("discount"), (Json{{"object", "discount"}, {"coupon", {{"id", "C"}}}}));
    const Json event{{"object", "event"}, {"data", {{"object", customer}}}};
    EXPECT_EQ(undo_versions(event, "2020-08-27"), event);
}

TEST(UnknownKind, IsNamed) {
    const Json list{{"object", "list"}, {"data", {{{"object", "credit_note"}}}}};
    EXPECT_EQ(unknown_kind(list, "2025-02-24.acacia"), "credit_note");
    EXPECT_EQ(unknown_kind(list, "2025-03-31.basil"), std::nullopt);
    EXPECT_EQ(unknown_kind(Json{{"object", "event"}, {"data", list}}, "2020-08-27"), std::nullopt);
    EXPECT_EQ(unknown_kind(Json{{"object", "customer"}}, "2020-08-27"), std::nullopt);
}

class OlderVersions : public ::testing::Test {
protected:
    static std::string id_of(const Json& object) { return text_of(object, "id"); }
    Json post(const std::string& path, const std::string& form) {
        const auto reply = twin_.post(path, form);
        EXPECT_EQ(reply.status, 200) << reply.text;
        return reply.body;
    }
    Json get(const std::string& target, const std::string& version) {
        const auto reply = twin_.get(target, {{"Stripe-Version", version}});
        EXPECT_EQ(reply.status, 200) << reply.text;
        return reply.body;
    }
    std::string customer(const std::string& more = "") {
        return id_of(post("/v1/customers",
                          "name=A&email=a%40b.co&payment_method=pm_card_visa&invoice_settings"
                          "[default_payment_method]=pm_card_visa" +
                              more));
    }
    Json subscription(const std::string& of) {
        const auto price =
            id_of(post("/v1/prices",
                       "currency=usd&unit_amount=2500&recurring[interval]=month&product_data[name]="
                       "P"));
        return post("/v1/subscriptions", "customer=" + of + "&items[0][price]=" + price);
    }
    /// Of a customer with an item of its own price, paid.
    Json manual_invoice() {
        const auto of = customer();
        const auto price =
            id_of(post("/v1/prices", "currency=usd&unit_amount=1000&product_data[name]=Setup"));
        post("/v1/invoiceitems", "customer=" + of + "&pricing[price]=" + price);
        const Json draft =
            post("/v1/invoices", "customer=" + of + "&pending_invoice_items_behavior=include");
        return post("/v1/invoices/" + id_of(draft) + "/pay", "");
    }
    /// Bodies queued for every endpoint, oldest first.
    std::vector<Json> bodies(const std::string& type) {
        std::vector<Json> found;
        twin_.twin().database().read_blocking([&](sql::Transaction& tx) {
            for (const auto& row : tx.all("SELECT body FROM deliveries ORDER BY seq")) {
                Json body = parse_json(row.text(0)).value();
                if (body.at("type") == type) found.push_back(std::move(body));
            }
            return true;
        });
        return found;
    }

    /// The first one of this type and version.
    Json body(const std::string& type, const std::string& version) {
        for (Json& found : bodies(type))
            if (found.at("api_version") == version) return found;
        ADD_FAILURE() << type << " in " << version;
        return Json();
    }

    TwinUnderTest twin_;
};

/// Paths of the recording that the answer has not, but for `known` ones and what is below them.
std::vector<std::string> missing(const Json& recording, const Json& answer,
                                 const std::vector<std::string>& known = {}) {
    std::vector<std::string> lost;
    std::ranges::set_difference(shape_of(recording), shape_of(answer), std::back_inserter(lost));
    std::erase_if(lost, [&](const std::string& path) {
        return std::ranges::any_of(
            known, [&](const std::string& k) { return path == k || path.starts_with(k + "."); });
    });
    return lost;
}

TEST_F(OlderVersions, ShowSubscriptionsAsRecorded) {
    const Json made = subscription(customer());
    for (const char* version : {"2020-08-27", "2023-08-16"}) {
        SCOPED_TRACE(version);
        const Json shown = get("/v1/subscriptions/" + id_of(made), version);
        EXPECT_THAT(missing(recorded("subscription_" + std::string(version)), shown), IsEmpty());
        EXPECT_EQ(shown.at("current_period_end"),
                  made.at("items").at("data").at(0).at("current_period_end"));
    }
    EXPECT_EQ(get("/v1/subscriptions/" + id_of(made), "2025-03-31.basil"), made);
}

TEST_F(OlderVersions, ShowInvoicesAsRecorded) {
    const Json made = subscription(customer());
    const auto path = "/v1/invoices/" + text_of(made, "latest_invoice");
    const Json with_intent = get(path + "?expand[]=payment_intent", "2020-08-27");
    EXPECT_THAT(missing(recorded("invoice_2020-08-27"), with_intent), IsEmpty());
    EXPECT_EQ(with_intent.at("paid"), true);
    EXPECT_EQ(with_intent.at("subscription"), id_of(made));
    const Json& intent = with_intent.at("payment_intent");
    EXPECT_EQ(intent.at("charges").at("data").at(0).at("id"), with_intent.at("charge"));
    EXPECT_EQ(intent.at("invoice"), with_intent.at("id"));
    EXPECT_EQ(with_intent.at("lines").at("data").at(0).at("price").at("unit_amount"), 2'500);

    const auto manual = "/v1/invoices/" + id_of(manual_invoice());
    for (const char* version : {"2024-06-20", "2025-02-24.acacia"}) {
        SCOPED_TRACE(version);
        const Json shown = get(manual, version);
        EXPECT_THAT(missing(recorded("invoice_" + std::string(version)), shown), IsEmpty());
        EXPECT_EQ(shown.at("lines").at("data").at(0).at("type"), "invoiceitem");
        EXPECT_EQ(shown.at("lines").at("data").at(0).at("plan"), nullptr);
        EXPECT_EQ(shown.at("subscription"), nullptr);
    }
}

TEST_F(OlderVersions, ExpandWhatTheyHad) {
    const Json made = subscription(customer());
    const auto path = "/v1/subscriptions/" + id_of(made);
    const Json shown =
        get(path + "?expand[]=latest_invoice.payment_intent.latest_charge", "2024-06-20");
    const Json& intent = shown.at("latest_invoice").at("payment_intent");
    EXPECT_EQ(intent.at("invoice"), shown.at("latest_invoice").at("id"));
    EXPECT_EQ(intent.at("latest_charge").at("invoice"), shown.at("latest_invoice").at("id"));
    EXPECT_FALSE(intent.contains("charges"));
    const auto today = twin_.get(path + "?expand[]=latest_invoice.payment_intent");
    EXPECT_EQ(today.error("message"),
              "This property cannot be expanded (latest_invoice.payment_intent).");
}

TEST_F(OlderVersions, ShowTheCouponOfADiscount) {
    const auto coupon = id_of(post("/v1/coupons", "percent_off=20"));
    const auto of = customer("&coupon=" + coupon);
    const Json shown = get("/v1/customers/" + of, "2020-08-27");
    EXPECT_EQ(shown.at("discount").at("coupon").at("percent_off"), 20);
    EXPECT_FALSE(shown.at("discount").contains("source"));
    EXPECT_TRUE(get("/v1/customers/" + of, "2025-09-30.clover").at("discount").contains("source"));
}

TEST_F(OlderVersions, RefuseWhatNobodyRecorded) {
    const auto of = customer();
    const auto form = "customer=" + of + "&amount=100&currency=usd";
    const auto refused = twin_.post("/v1/invoiceitems", form, {{"Stripe-Version", "2024-06-20"}});
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.error("message"),
                ::testing::StartsWith(
                    "This sandbox does not know how 'invoiceitem' looked in version 2024-06-20"));
    EXPECT_THAT(twin_.get("/v1/invoiceitems").body.at("data"), IsEmpty());
    EXPECT_EQ(twin_.post("/v1/invoiceitems", form, {{"Stripe-Version", "2025-03-31.basil"}}).status,
              200);
}

// Recorded at 2020-08-27: a payment is confirmed without a return_url, and an intent to keep a
// method is made, of cards only. Automatic methods came with 2023-08-16.
TEST_F(OlderVersions, MakeIntentsForCards) {
    const std::string pay =
        "amount=2900&currency=usd&confirm=true&payment_method=pm_card_visa"
        "&confirmation_method=automatic";
    const http::Headers old{{"Stripe-Version", "2020-08-27"}};
    for (const auto& reply : {twin_.post("/v1/payment_intents", pay, old),
                              twin_.post("/v1/setup_intents", "usage=off_session", old)}) {
        ASSERT_EQ(reply.status, 200) << reply.text;
        EXPECT_TRUE(reply.body.at("automatic_payment_methods").is_null());
        EXPECT_EQ(reply.body.at("payment_method_types"), Json::array({"card"}));
    }
    const std::string automatic = "&automatic_payment_methods[enabled]=true";
    EXPECT_EQ(twin_.post("/v1/payment_intents", pay + automatic, old).status, 400);
    const http::Headers since{{"Stripe-Version", "2023-08-16"}};
    EXPECT_EQ(twin_.post("/v1/payment_intents", pay, since).status, 400);
}

TEST_F(OlderVersions, ShapeWebhooksAsTheirEndpointAsked) {
    for (const char* version : {"&api_version=2024-06-20", "", "&api_version=2022-08-01"})
        post("/v1/webhook_endpoints",
             "url=http%3A%2F%2Fh&enabled_events[]=*" + std::string(version));
    const auto clock = id_of(post("/v1/test_helpers/test_clocks", "frozen_time=1762799351"));
    const Json made = subscription(customer("&test_clock=" + clock));

    const Json created = body("customer.subscription.created", "2024-06-20");
    EXPECT_TRUE(created.at("data").at("object").contains("current_period_end"));
    const Json today = body("customer.subscription.created", "2026-02-25.clover");
    EXPECT_FALSE(today.at("data").at("object").contains("current_period_end"));
    EXPECT_EQ(created.at("id"), today.at("id"));
    EXPECT_FALSE(
        body("payment_intent.succeeded", "2024-06-20").at("data").at("object").contains("charges"));
    const Json paid = body("payment_intent.succeeded", "2022-08-01");
    EXPECT_EQ(paid.at("data").at("object").at("charges").at("data").size(), 1U);
    const auto event = twin_.get("/v1/events?limit=1").body.at("data").at(0);
    EXPECT_EQ(event.at("api_version"), "2026-02-25.clover");

    // 40 days on, the second month has begun.
    post("/v1/test_helpers/test_clocks/" + clock + "/advance", "frozen_time=1766255351");
    twin_.run_due_work();
    const auto updated = bodies("customer.subscription.updated");
    ASSERT_GE(updated.size(), 3U);
    const auto first = std::ranges::find_if(updated, [](const Json& body) {
        return body.at("api_version") == "2024-06-20" &&
               body.at("data").at("previous_attributes").contains("items");
    });
    ASSERT_NE(first, updated.end());
    EXPECT_EQ(first->at("data").at("previous_attributes").at("current_period_end"),
              made.at("items").at("data").at(0).at("current_period_end"));
}

}  // namespace
}  // namespace turnpike::twin
