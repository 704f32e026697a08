#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

// Member names of Stripe's answers at 2025-10-29.clover, collected from recorded traffic, against
// ours. Members of the later 2026-02-25.clover (SDK 20.4.1's types) may come on top.
namespace turnpike::twin {
namespace {

const std::set<std::string> kNewerMembers{
    "customer_account",   // SDK 20.4.1: Invoice, InvoiceItem, PaymentIntent, Subscription
    "subtotal",           // SDK 20.4.1: InvoiceLineItem
    "subscription",       // SDK 20.4.1: InvoiceLineItem
    "net_amount",         // SDK 20.4.1: InvoiceItem, optional
    "proration_details",  // SDK 20.4.1: InvoiceItem, optional
};

std::set<std::string> names_of(const Json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
}

const Json* part_at(const Json& object, const std::string& path) {
    const Json* part = &object;
    std::size_t from = 0;
    while (from < path.size()) {
        const std::size_t dot = std::min(path.find('.', from), path.size());
        const auto member = part->find(path.substr(from, dot - from));
        if (member == part->end() || !member->is_object()) return nullptr;
        part = &*member;
        from = dot + 1;
    }
    return part;
}

/// Compares every part of `object` that it has with the recording.
void expect_recorded_shape(const Json& object) {
    std::ifstream file("tests/golden/stripe/shapes.json");
    const Json recorded = Json::parse(file).at(object.at("object").get<std::string>());
    for (const auto& [path, names] : recorded.items()) {
        SCOPED_TRACE(text_of(object, "object") + " " + path);
        const Json* part = part_at(object, path);
        if (part == nullptr) continue;
        std::set<std::string> ours = names_of(*part);
        for (const Json& name : names.at("always"))
            EXPECT_EQ(ours.erase(name.get<std::string>()), 1) << "missing: " << name;
        for (const Json& name : names.at("sometimes")) ours.erase(name.get<std::string>());
        for (const std::string& name : ours)
            EXPECT_TRUE(kNewerMembers.contains(name)) << "not recorded: " << name;
    }
}

TEST(RecordedShapes, OfASubscriptionAndAllThatItBrings) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const Json subscription =
        sandbox.post("/v1/subscriptions", "customer=" + customer +
                                              "&items[0][price]=" + sandbox.price("Pro", 9900) +
                                              "&expand[]=latest_invoice.payments"
                                              "&expand[]=latest_invoice.confirmation_secret");
    expect_recorded_shape(subscription);
    expect_recorded_shape(subscription["items"]["data"][0]);
    const Json& invoice = subscription["latest_invoice"];
    expect_recorded_shape(invoice);
    expect_recorded_shape(invoice["lines"]["data"][0]);
    const Json& payment = invoice["payments"]["data"][0];
    expect_recorded_shape(payment);

    const Json intent =
        sandbox.get("/v1/payment_intents/" + text_of(payment["payment"], "payment_intent"));
    expect_recorded_shape(intent);
    const Json charge =
        sandbox.get("/v1/charges/" + text_of(intent, "latest_charge"), "expand[]=refunds");
    expect_recorded_shape(charge);
    expect_recorded_shape(sandbox.post("/v1/refunds", "charge=" + text_of(charge, "id")));
}

TEST(RecordedShapes, OfProrationsAndInvoiceItems) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const Json subscription =
        sandbox.post("/v1/subscriptions",
                     "customer=" + customer + "&items[0][price]=" + sandbox.price("Starter", 2900));
    sandbox.set_now(sandbox.now() + std::chrono::hours(48));
    const Json changed =
        sandbox.post("/v1/subscriptions/" + text_of(subscription, "id"),
                     "items[0][id]=" + text_of(subscription["items"]["data"][0], "id") +
                         "&items[0][price]=" + sandbox.price("Pro", 9900) +
                         "&proration_behavior=always_invoice&expand[]=latest_invoice");
    for (const Json& line : changed["latest_invoice"]["lines"]["data"]) {
        expect_recorded_shape(line);
        expect_recorded_shape(
            sandbox.get("/v1/invoiceitems/" +
                        text_of(line["parent"]["subscription_item_details"], "invoice_item")));
    }
    expect_recorded_shape(
        sandbox.post("/v1/invoiceitems", "customer=" + customer + "&amount=1000&currency=usd"));
    const Json draft = sandbox.post("/v1/invoices", "customer=" + customer +
                                                        "&pending_invoice_items_behavior="
                                                        "include&expand[]=payments"
                                                        "&expand[]=confirmation_secret");
    expect_recorded_shape(draft);
    expect_recorded_shape(draft["lines"]["data"][0]);
}

// billing_portal.session was recorded at 2026-03-25.dahlia only.
TEST(RecordedShapes, OfCustomersCardsAndTheCatalog) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    expect_recorded_shape(sandbox.get("/v1/customers/" + customer));
    expect_recorded_shape(sandbox.get("/v1/customers/" + customer + "/payment_methods")["data"][0]);
    expect_recorded_shape(sandbox.post("/v1/setup_intents", "customer=" + customer));
    expect_recorded_shape(sandbox.post("/v1/billing_portal/sessions", "customer=" + customer));

    const std::string price = sandbox.price("Pro", 9900);
    expect_recorded_shape(sandbox.get("/v1/prices/" + price));
    expect_recorded_shape(sandbox.get("/v1/plans/" + price));
    expect_recorded_shape(sandbox.post("/v1/coupons", "id=TEN&percent_off=10&duration=forever"));
    const Json subscription =
        sandbox.post("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" + price +
                                              "&discounts[0][coupon]=TEN&expand[]=discounts");
    expect_recorded_shape(subscription["discounts"][0]);
    expect_recorded_shape(subscription["items"]["data"][0]["plan"]);
    expect_recorded_shape(subscription["items"]["data"][0]["price"]);
}

}  // namespace
}  // namespace turnpike::twin
