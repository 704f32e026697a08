#include "payments/stripe/provider.h"

#include "payments/stripe/provider_fixture.h"
#include "payments/stripe/testing.h"

namespace turnpike::stripe {
namespace {

class StripeProvider : public ProviderTest {
protected:
    std::string customer() {
        const auto made =
            run(provider->create_customer({.customer = CustomerId::trusted("cus_01TEST"),
                                           .external_id = "acme",
                                           .email = "a@example.org",
                                           .name = std::nullopt,
                                           .test_clock = std::nullopt}));
        if (!made) throw std::runtime_error(made.error().message);
        return *made;
    }
    Result<PaymentMethodOnFile> attach(std::string method, std::string who, std::string why) {
        return run(
            provider->attach_payment_method(std::move(why), std::move(who), std::move(method)));
    }
};

TEST_F(StripeProvider, SendsKeyVersionAndFormAsStripeWantsThem) {
    EXPECT_EQ(customer(), "cus_1");
    const auto seen = stripe.seen().at(0);
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.path, "/v1/customers");
    EXPECT_EQ(seen.authorization, "Bearer " + std::string(kTestKey));
    EXPECT_EQ(seen.version, "2026-02-25.clover");
    EXPECT_EQ(seen.content_type, "application/x-www-form-urlencoded");
    EXPECT_EQ(seen.key, idempotency_key("stripe", "customer:cus_01TEST", 0));
    const Json metadata{{"turnpike_customer", "cus_01TEST"},
                        {"turnpike_external_id", "acme"},
                        {"turnpike_obligation", "customer:cus_01TEST"}};
    EXPECT_EQ(stripe.object("cus_1")["metadata"], metadata);
    EXPECT_EQ(stripe.object("cus_1")["email"], "a@example.org");
}

TEST_F(StripeProvider, MakesOneProductPerPlanVersion) {
    const auto price = [&](const char* id) {
        return run(provider->create_price({.price = PriceId::trusted(id),
                                           .plan_key = "pro",
                                           .plan_name = "Pro",
                                           .plan_version = PlanVersionId::trusted("pv_01TEST"),
                                           .amount = Money(4900, Currency::Usd),
                                           .interval = "month"}));
    };
    const auto monthly = price("price_01A");
    ASSERT_TRUE(monthly) << monthly.error().message;
    ASSERT_TRUE(price("price_01B"));
    EXPECT_EQ(stripe.count("product"), 1U);
    EXPECT_EQ(stripe.count("price"), 2U);
    EXPECT_EQ(stripe.object(*monthly)["metadata"]["turnpike_price"], "price_01A");
    EXPECT_EQ(stripe.seen().at(1).body,
              "product=prod_1&currency=usd&unit_amount=4900&recurring[interval]=month"
              "&recurring[interval_count]=1&metadata[turnpike_obligation]=price%3Aprice_01A"
              "&metadata[turnpike_price]=price_01A");
}

TEST_F(StripeProvider, AttachesAndChoosesAPaymentMethod) {
    const auto who = customer();
    const auto attached = attach("pm_card_visa", who, "attach:1");
    ASSERT_TRUE(attached) << attached.error().message;
    EXPECT_EQ(attached->brand, "visa");
    EXPECT_EQ(attached->last4, "4242");
    EXPECT_FALSE(attached->is_default);
    EXPECT_EQ(attach("pm_card_visa", who, "attach:1")->id, attached->id) << "once";
    EXPECT_EQ(stripe.count("payment_method"), 1U);

    const auto chosen = run(provider->set_default_payment_method("default:1", who, attached->id));
    ASSERT_TRUE(chosen) << chosen.error().message;
    EXPECT_TRUE(chosen->is_default);
    ASSERT_TRUE(attach("pm_card_visa", who, "attach:2"));
    const auto listed = run(provider->list_payment_methods(who));
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 2U);
    for (const auto& method : *listed) EXPECT_EQ(method.is_default, method.id == attached->id);

    ASSERT_TRUE(run(provider->detach_payment_method("detach:1", attached->id)));
    EXPECT_EQ(run(provider->list_payment_methods(who))->size(), 1U);
}

TEST_F(StripeProvider, TellsWhyAPaymentMethodIsRefused) {
    const auto who = customer();
    const auto declined = attach("pm_card_visa_chargeDeclined", who, "attach:declined");
    ASSERT_FALSE(declined);
    EXPECT_EQ(declined.error().code, ErrorCode::PaymentRequired);
    EXPECT_EQ(reason_of(declined), "payment.declined");
    const std::vector<std::pair<std::string, std::string>> details = {
        {"decline_code", "generic_decline"}, {"provider_code", "card_declined"}};
    EXPECT_EQ(declined.error().details, details);

    EXPECT_EQ(reason_of(attach("pm_nothing", who, "attach:unknown")), "payment.unknown_method");
    stripe.put(Json{{"id", "pm_foreign"},
                    {"object", "payment_method"},
                    {"type", "card"},
                    {"customer", "cus_other"}});
    EXPECT_EQ(reason_of(attach("pm_foreign", who, "attach:foreign")), "payment.unknown_method");
    EXPECT_EQ(reason_of(run(provider->set_default_payment_method("d", who, "pm_foreign"))),
              "payment.unknown_method");
}

TEST_F(StripeProvider, TextThatIsNoIdNeverLeaves) {
    const auto who = customer();
    const auto before = stripe.requests();
    for (const char* odd : {"", "..", "../customers/cus_1", "pm_1/../../x", "pm 1", "pm_1?x=y",
                            "pm_1%2f", "pm\r\nX: y"}) {
        EXPECT_EQ(reason_of(attach(odd, who, std::string("odd:") + odd)), "payment.unknown_method");
        EXPECT_EQ(reason_of(run(provider->get_invoice(odd))), "payment.refused");
    }
    EXPECT_EQ(stripe.requests(), before);
}

TEST_F(StripeProvider, StartsAllOrNothing) {
    const auto started = run(provider->start_subscription(subscription("sub:1:start")));
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_EQ(stripe.seen().at(0).body,
              "customer=cus_7&items[0][price]=price_7&items[0][quantity]=1"
              "&payment_behavior=error_if_incomplete&default_payment_method=pm_7&metadata[turnpike_"
              "obligation]=sub%3A1%3Astart"
              "&metadata[turnpike_subscription]=sub_01TEST");
    EXPECT_EQ(started->item, "si_1");
    EXPECT_EQ(started->metadata.at("turnpike_subscription"), "sub_01TEST");

    auto secured = subscription("sub:2:start");
    secured.price = "price_3ds";
    const auto refused = run(provider->start_subscription(secured));
    EXPECT_EQ(reason_of(refused), "payment.authentication_required");
    EXPECT_EQ(reason_of(run(provider->start_subscription(secured))),
              "payment.authentication_required");
    EXPECT_EQ(stripe.count("subscription"), 1U);
}

TEST_F(StripeProvider, ARepeatedStartShowsThePresentState) {
    const auto started = run(provider->start_subscription(subscription("sub:1:start")));
    ASSERT_TRUE(started);
    auto object = stripe.object(started->id);
    object["status"] = "past_due";
    stripe.put(object);
    EXPECT_EQ(run(provider->start_subscription(subscription("sub:1:start")))->status, "past_due");

    stripe.plan(std::vector<Fault>(4, Fault::ErrorBefore));
    EXPECT_EQ(reason_of(run(provider->start_subscription(subscription("sub:1:start")))),
              "payment.outcome_unknown")
        << "it was done, but the old answer is not the present state";
    EXPECT_EQ(stripe.count("subscription"), 1U);
}

TEST_F(StripeProvider, ChangesWithTheProrationThatWasAskedFor) {
    const auto started = run(provider->start_subscription(subscription("start")));
    const auto change = [&](const char* obligation, ProrationBilling billing) {
        return run(provider->change_subscription({.obligation = obligation,
                                                  .subscription = started->id,
                                                  .item = started->item,
                                                  .price = "price_8",
                                                  .billing = billing}));
    };
    EXPECT_EQ(change("up", ProrationBilling::Now)->price, "price_8");
    EXPECT_EQ(stripe.seen().back().body,
              "items[0][id]=si_1&items[0][price]=price_8&items[0][quantity]=1"
              "&proration_behavior=always_invoice&payment_behavior=error_if_incomplete&metadata["
              "turnpike_last_change]=up");
    ASSERT_TRUE(change("down", ProrationBilling::NextInvoice));
    EXPECT_NE(stripe.seen().back().body.find("proration_behavior=create_prorations"),
              std::string::npos);
    EXPECT_EQ(stripe.object(started->id)["metadata"]["turnpike_obligation"], "start")
        << "an update does not hide what made the object";
}

TEST_F(StripeProvider, CancelsOnceHoweverOftenItAsks) {
    const auto started = run(provider->start_subscription(subscription("start")));
    const auto cancel = [&](const char* obligation, CancelWhen when) {
        return run(provider->cancel_subscription(
            {.obligation = obligation, .subscription = started->id, .when = when}));
    };
    EXPECT_TRUE(cancel("end", CancelWhen::AtPeriodEnd)->cancel_at_period_end);
    const auto kept = cancel("keep", CancelWhen::Never);
    EXPECT_FALSE(kept->cancel_at_period_end);
    EXPECT_FALSE(kept->cancel_at);

    stripe.plan({Fault::LostAnswer});
    const auto ended = cancel("now", CancelWhen::Now);
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->status, "canceled");
    EXPECT_TRUE(ended->ended_at);
    EXPECT_EQ(cancel("now", CancelWhen::Now)->status, "canceled");
    EXPECT_EQ(cancel("now, somebody else", CancelWhen::Now)->status, "canceled");

    const auto requests = stripe.seen();
    const auto deletion = std::ranges::find(requests, "DELETE", &FakeStripe::Seen::method);
    ASSERT_NE(deletion, requests.end());
    EXPECT_EQ(deletion->query, "invoice_now=false&prorate=false");
    EXPECT_EQ(deletion->key, "") << "Stripe knows keys for POST only";
}

TEST_F(StripeProvider, CancelsAnIncompleteOneOnceToo) {
    const auto started = run(provider->start_subscription(subscription("start")));
    auto object = stripe.object(started->id);
    object["status"] = "incomplete";
    stripe.put(object);
    stripe.plan({Fault::LostAnswer});
    for (const char* obligation : {"now", "now", "now, somebody else"}) {
        const auto ended = run(provider->cancel_subscription(
            {.obligation = obligation, .subscription = started->id, .when = CancelWhen::Now}));
        ASSERT_TRUE(ended) << obligation << ": " << ended.error().message;
        EXPECT_EQ(ended->status, "incomplete_expired");
        EXPECT_TRUE(ended->ended_at);
    }
}

TEST_F(StripeProvider, KeepingRemovesADateSetInThePortal) {
    const auto started = run(provider->start_subscription(subscription("start")));
    auto object = stripe.object(started->id);
    object["cancel_at"] = object["items"]["data"][0]["current_period_end"];
    object["cancel_at_by_hand"] = true;  // the flag alone does not remove this one
    stripe.put(object);
    const auto kept = run(provider->cancel_subscription(
        {.obligation = "keep", .subscription = started->id, .when = CancelWhen::Never}));
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_FALSE(kept->cancel_at);
    EXPECT_FALSE(kept->cancel_at_period_end);
}

TEST_F(StripeProvider, CancelingWhatNeverWasIsRefused) {
    const auto refused = run(provider->cancel_subscription(
        {.obligation = "x", .subscription = "sub_none", .when = CancelWhen::Now}));
    EXPECT_EQ(reason_of(refused), "payment.refused");
    EXPECT_EQ(refused.error().code, ErrorCode::NotFound);
}

TEST_F(StripeProvider, AddsItemsAndFinalizesOnce) {
    const auto invoice =
        run(provider->create_invoice({.obligation = "invoice:1",
                                      .customer = "cus_7",
                                      .metadata = {{"turnpike_subscription", "s"}}}));
    ASSERT_TRUE(invoice) << invoice.error().message;
    EXPECT_EQ(invoice->status, "draft");
    EXPECT_EQ(invoice->metadata.at("turnpike_subscription"), "s");
    const auto created = stripe.object(invoice->id);
    EXPECT_EQ(created["pending_invoice_items_behavior"], "exclude");
    EXPECT_EQ(created["auto_advance"], "false");

    const auto item =
        run(provider->add_invoice_item({.obligation = "item:1",
                                        .customer = "cus_7",
                                        .invoice = invoice->id,
                                        .amount = Money(1234, Currency::Usd),
                                        .description = "API calls: 61,700 over 10,000",
                                        .period = {from_unix_seconds(100), from_unix_seconds(200)},
                                        .metadata = {{"turnpike_overage", "ovc_1"}}}));
    ASSERT_TRUE(item) << item.error().message;
    EXPECT_EQ(stripe.object(*item)["amount"], "1234");
    EXPECT_EQ(stripe.object(*item)["invoice"], invoice->id);
    EXPECT_EQ(stripe.object(*item)["metadata"]["turnpike_overage"], "ovc_1");

    const auto finalize = [&](const char* obligation) {
        return run(provider->finalize_invoice(obligation, invoice->id));
    };
    EXPECT_EQ(finalize("finalize:1")->status, "open");
    EXPECT_EQ(finalize("finalize:1")->number, "TEST-0001");
    EXPECT_EQ(finalize("finalize, the provider was quicker")->status, "open");
    EXPECT_EQ(reason_of(run(provider->finalize_invoice("f", "in_none"))), "payment.refused");
}

TEST_F(StripeProvider, RefusesAmountsThatCannotBeCharged) {
    NewInvoiceItem item{.obligation = "item:1",
                        .customer = "cus_7",
                        .invoice = std::nullopt,
                        .amount = Money(1, Currency::Kwd),
                        .description = "x",
                        .period = {},
                        .metadata = {}};
    EXPECT_EQ(reason_of(run(provider->add_invoice_item(item))), "payment.amount_not_chargeable");
    EXPECT_EQ(stripe.requests(), 0U);
}

TEST_F(StripeProvider, ReadsEveryPage) {
    auto patient = quick(stripe.url());
    patient.call_timeout =
        std::chrono::seconds(30);  // pages of 100 take their time on busy machines
    connect(patient);
    auto object = golden("subscription_2025-10-29.clover.json");
    for (int i = 0; i < 250; ++i) {
        object["id"] = "sub_" + std::to_string(i);
        stripe.put(object);
    }
    std::vector<std::string> ids_seen;
    std::optional<std::string> after;
    int pages = 0;
    do {
        const auto page = run(provider->list_subscriptions(std::nullopt, after));
        ASSERT_TRUE(page) << page.error().message;
        for (const auto& item : page->items) ids_seen.push_back(item.id);
        after = page->next;
        ++pages;
    } while (after);
    EXPECT_EQ(pages, 3);
    ASSERT_EQ(ids_seen.size(), 250U);
    EXPECT_EQ(ids_seen.front(), "sub_249");
    EXPECT_EQ(ids_seen.back(), "sub_0");
    EXPECT_EQ(stripe.seen().at(0).query,
              "status=all&expand[]=data.schedule&expand[]=data.discounts.source.coupon"
              "&expand[]=data.customer&limit=100");
}

TEST_F(StripeProvider, OneUnreadableObjectDoesNotHideTheOthers) {
    auto object = golden("invoice_2025-10-29.clover.json");
    stripe.put(object);
    object["id"] = "in_baht";
    object["currency"] = "thb";
    stripe.put(object);
    const auto page = run(provider->list_invoices(std::nullopt, std::nullopt));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->items.size(), 1U);
    EXPECT_EQ(page->items[0].id, "in_1SRzoSKXBGcbgpbZ2oOjjHzE");
    EXPECT_EQ(reason_of(run(provider->get_invoice("in_baht"))), "payment.unexpected_reply");
}

TEST_F(StripeProvider, FetchesTheLinesThatStripeLeftOut) {
    auto object = golden("invoice_2025-10-29.clover.json");
    Json all = Json::array();
    for (int i = 0; i < 130; ++i) {
        Json line = object["lines"]["data"][1];
        line["id"] = "il_" + std::to_string(i);
        all.push_back(line);
    }
    object["lines"]["has_more"] = true;
    object["all_lines"] = all;
    stripe.put(object);
    const auto invoice = run(provider->get_invoice("in_1SRzoSKXBGcbgpbZ2oOjjHzE"));
    ASSERT_TRUE(invoice) << invoice.error().message;
    ASSERT_EQ(invoice->lines.size(), 130U);
    EXPECT_EQ(invoice->lines.front().id, "il_0");
    EXPECT_EQ(invoice->lines.back().id, "il_129");
}

TEST_F(StripeProvider, MovesTestClocks) {
    const auto start = from_unix_seconds(1'726'358'400);
    const auto clock_made = run(provider->create_test_clock("clock:1", "demo", start));
    ASSERT_TRUE(clock_made) << clock_made.error().message;
    EXPECT_EQ(clock_made->frozen_time, start);
    const auto later = start + std::chrono::hours(24);
    ASSERT_TRUE(run(provider->advance_test_clock("clock:1:1", clock_made->id, later)));
    EXPECT_EQ(run(provider->get_test_clock(clock_made->id))->frozen_time, later);
}

TEST_F(StripeProvider, TellsACustomersNewName) {
    stripe.put(Json{{"id", "cus_7"}, {"object", "customer"}, {"metadata", Json::object()}});
    const CustomerDetails details{"customer:7:details:2", "cus_7", std::nullopt, "Bob & Co"};
    ASSERT_TRUE(run(provider->update_customer(details)));
    const auto sent = stripe.seen().back();
    EXPECT_EQ(sent.path, "/v1/customers/cus_7");
    EXPECT_TRUE(sent.body.starts_with("email=&name=Bob%20%26%20Co&metadata[")) << sent.body;
    EXPECT_NE(sent.key, "");
    ASSERT_TRUE(run(provider->update_customer(details)));
    EXPECT_EQ(stripe.requests(), 1U) << "told once";

    auto restored = details;  // the same revision of another history
    restored.name = "Ann";
    ASSERT_TRUE(run(provider->update_customer(restored)));
    EXPECT_NE(stripe.seen().back().key, sent.key);
}

TEST_F(StripeProvider, OpensThePortalWithoutAnIntent) {
    const auto url = run(provider->open_portal({"cus_7", "https://shop.test/back", {}}));
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(*url, "https://portal.test/bps");
    EXPECT_EQ(stripe.seen().back().key, "");
}

TEST_F(StripeProvider, ThePortalOffersThePricesOfTheVisit) {
    for (const auto& [id, product] :
         {std::pair{"price_a", "prod_1"}, {"price_b", "prod_2"}, {"price_c", "prod_1"}})
        stripe.put(Json{{"id", id},
                        {"object", "price"},
                        {"product", product},
                        {"currency", "usd"},
                        {"unit_amount", 100},
                        {"recurring", {{"interval", "month"}, {"interval_count", 1}}},
                        {"active", true}});
    const PortalVisit visit{"cus_7", "https://shop.test/", {"price_a", "price_b", "price_c"}};
    ASSERT_TRUE(run(provider->open_portal(visit)));
    const auto requests = stripe.requests();
    const auto made = stripe.seen().at(requests - 2);
    EXPECT_EQ(made.path, "/v1/billing_portal/configurations");
    EXPECT_NE(made.key, "");
    const std::string update = "features[subscription_update]";
    for (const std::string& part :
         {update + "[enabled]=true", update + "[proration_behavior]=always_invoice",
          update + "[products][0][product]=prod_1&" + update + "[products][0][prices][0]=price_a&" +
              update + "[products][0][prices][1]=price_c&",
          update + "[products][1][product]=prod_2&" + update + "[products][1][prices][0]=price_b&",
          std::string("features[subscription_cancel][mode]=at_period_end")})
        EXPECT_NE(made.body.find(part), std::string::npos) << part << " in " << made.body;
    const auto session = stripe.seen().back().body;
    EXPECT_NE(session.find("configuration=bpc_"), std::string::npos) << session;

    // What is offered stays the same: no more than the session is asked for.
    ASSERT_TRUE(run(provider->open_portal(visit)));
    EXPECT_EQ(stripe.requests(), requests + 1);
    EXPECT_EQ(stripe.seen().back().body, session);
    ASSERT_TRUE(run(provider->open_portal({"cus_7", "https://shop.test/", {"price_b"}})));
    EXPECT_EQ(stripe.count("billing_portal.configuration"), 2U);
    EXPECT_NE(stripe.seen().back().body, session);
}

TEST_F(StripeProvider, ThePortalOpensEvenIfItsConfigurationIsRefused) {
    stripe.plan({Fault::Refused});
    for (int i = 0; i < 2; ++i) {
        const auto url = run(provider->open_portal({"cus_7", "https://shop.test/", {}}));
        ASSERT_TRUE(url) << url.error().message;
        EXPECT_EQ(stripe.seen().back().body.find("configuration"), std::string::npos);
    }
    EXPECT_EQ(stripe.requests(), 3U);  // it is asked for once
}

TEST_F(StripeProvider, GivesEventsAsTheyAre) {
    stripe.put(Json{{"id", "evt_1"}, {"object", "event"}, {"type", "invoice.paid"}, {"x", 1}});
    const auto page = run(provider->list_events(std::nullopt));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->items.size(), 1U);
    EXPECT_EQ(page->items[0].type, "invoice.paid");
    EXPECT_EQ(page->items[0].payload,
              R"({"id":"evt_1","object":"event","type":"invoice.paid","x":1})");
}

TEST_F(StripeProvider, DoesNotStartWithALiveKeyInClear) {
    auto config = quick(stripe.url());
    config.secret_key = "sk_live_51Canary0Key";
    const auto made = Provider::create(config, http, {*db, clock, ids}, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason.text(), "stripe.live_key_in_clear");
    EXPECT_EQ(made.error().message.find("Canary"), std::string::npos);
}

}  // namespace
}  // namespace turnpike::stripe
