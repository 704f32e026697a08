#include "sandbox/stripe/inspection.h"

#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/chaos/chaos.h"
#include "sandbox/deliveries.h"
#include "sandbox/documents.h"
#include "sandbox/inspector/inspector.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Stripe's twin, and somebody who looks at it in a browser.
class InspectorTest : public ::testing::Test {
protected:
    http::Response ask(http::Method method, const std::string& target, const std::string& form = "",
                       const std::string& origin = "http://localhost:12111") {
        http::Request request;
        request.method = method;
        request.target = target;
        request.path = target.substr(0, target.find('?'));
        request.headers = {{"Host", "localhost:12111"}, {"Origin", origin}};
        request.body = form;
        EXPECT_TRUE(Inspector::wants(request)) << target;
        asio::io_context io;
        auto answer = asio::co_spawn(io, inspector_.answer(request), asio::use_future);
        io.run();
        return answer.get();
    }
    std::string get(const std::string& target) {
        const auto response = ask(http::Method::Get, target);
        EXPECT_EQ(response.status, 200) << target;
        return response.body;
    }
    static std::string leads_to(const http::Response& response) {
        EXPECT_EQ(response.status, 303);
        const auto* location = http::find_header(response.headers, "Location");
        return location == nullptr ? "" : *location;
    }
    /// Without the number of what the page then says.
    static std::string page_after(const http::Response& response) {
        const auto location = leads_to(response);
        return location.substr(0, location.find('?'));
    }
    /// The page that a form leads to.
    std::string follow(const http::Response& response) { return get(leads_to(response)); }
    /// "/inspect/acct_1" and what follows.
    std::string below(const std::string& path = "") {
        return "/inspect/" + text_of(twin_.get("/v1/account").body, "id") + path;
    }

    testing::TwinUnderTest twin_;
    Chaos chaos_{twin_.twin()};
    Inspector inspector_{twin_.twin(), chaos_};
};

TEST_F(InspectorTest, LeadsFromTheSandboxToEachObject) {
    const auto customer = twin_.post_id("/v1/customers", "name=%3Cb%3E");
    EXPECT_THAT(get("/"), AllOf(HasSubstr("sk_test_"), HasSubstr("http://localhost:12111"),
                                HasSubstr("href=\"" + below() + "\"")));
    EXPECT_THAT(get(below()), HasSubstr("href=\"" + below("/objects/customer") + "\""));
    const std::string address = below("/object/customer/" + customer);
    EXPECT_THAT(get(below("/objects/customer")), HasSubstr("href=\"" + address + "\""));
    EXPECT_THAT(get(address),
                AllOf(HasSubstr("&quot;name&quot;: &quot;&lt;b&gt;&quot;"), Not(HasSubstr("<b>"))));
    EXPECT_EQ(leads_to(ask(http::Method::Get, "/inspect/find?id=" + customer)), address);
}

TEST_F(InspectorTest, RefusesAFormThatCannotBeRead) {
    const auto refused = ask(http::Method::Get, "/inspect/find?id=%zz");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("This form cannot be read"));
    // The bank's page, too, and before anything is looked for.
    EXPECT_EQ(twin_.get("/p/setup/seti_1?answer=%zz").status, 400);
}

TEST_F(InspectorTest, LinksIdsAndWhatBelongsToAnObject) {
    const auto customer = twin_.post_id("/v1/customers", "");
    const auto intent =
        twin_.post_id("/v1/payment_intents", "amount=500&currency=usd&customer=" + customer);
    EXPECT_THAT(get(below("/object/payment_intent/" + intent)),
                HasSubstr("href=\"/inspect/find?id=" + customer + "\""));
    EXPECT_THAT(get(below("/object/customer/" + customer)),
                HasSubstr("href=\"" + below("/object/payment_intent/" + intent) + "\""));
}

TEST_F(InspectorTest, KeepsSecretsOfEndpoints) {
    const auto made =
        twin_.post("/v1/webhook_endpoints", "url=http%3A%2F%2F127.0.0.1%3A1%2F&enabled_events[]=*");
    const auto secret = text_of(made.body, "secret");
    ASSERT_FALSE(secret.empty());
    const auto page = get(below("/object/webhook_endpoint/" + text_of(made.body, "id")));
    EXPECT_THAT(page, AllOf(HasSubstr("127.0.0.1:1"), Not(HasSubstr(secret))));
}

TEST_F(InspectorTest, ShowsAnEventWithItsDeliveriesAndSendsItAgain) {
    twin_.post("/v1/webhook_endpoints", "url=http%3A%2F%2F127.0.0.1%3A1%2F&enabled_events[]=*");
    twin_.post("/v1/customers", "");
    const auto event = text_of(twin_.get("/v1/events").body.at("data").at(0), "id");
    EXPECT_THAT(get(below("/events")),
                AllOf(HasSubstr("customer.created"), HasSubstr(below("/event/" + event))));
    EXPECT_EQ(leads_to(ask(http::Method::Get, "/inspect/find?id=" + event)),
              below("/event/" + event));
    const auto deliveries = [&] {
        const auto account = text_of(twin_.get("/v1/account").body, "id");
        return twin_.twin().database().read_blocking([&](sql::Transaction& tx) {
            return load_deliveries(tx, {.account = account, .event = event});
        });
    };
    ASSERT_EQ(deliveries().size(), 1U);
    EXPECT_EQ(page_after(ask(http::Method::Post, below("/event/" + event), "action=resend")),
              below("/event/" + event));
    ASSERT_EQ(deliveries().size(), 2U);
    const auto delivery = below("/delivery/" + deliveries().front().delivery.id);
    EXPECT_THAT(get(below("/event/" + event)), HasSubstr(delivery));
    EXPECT_THAT(get(below("/deliveries?state=pending")), HasSubstr(delivery));
    EXPECT_THAT(get(below("/deliveries?state=failed")), Not(HasSubstr(delivery)));
    EXPECT_THAT(get(delivery), HasSubstr("<strong>pending</strong> after 0 tries"));
    EXPECT_EQ(page_after(ask(http::Method::Post, delivery, "action=resend")),
              below("/event/" + event));
    EXPECT_EQ(deliveries().size(), 3U);
}

TEST_F(InspectorTest, ShowsWhatATrySentAndGot) {
    twin_.post("/v1/webhook_endpoints", "url=http%3A%2F%2F127.0.0.1%3A1%2F&enabled_events[]=*");
    twin_.post("/v1/customers", "");
    const auto account = text_of(twin_.get("/v1/account").body, "id");
    const auto id = twin_.twin().database().write_blocking([&](sql::Transaction& tx) {
        const auto record = load_deliveries(tx, {.account = account}).front();
        const Attempt attempt{.tried_at = twin_.clock().now(),
                              .status = 500,
                              .note = "",
                              .took = std::chrono::milliseconds(17),
                              .url = "http://127.0.0.1:1/hook",
                              .request_headers = {{"Stripe-Signature", "t=1,v1=ab"}},
                              .response_headers = {{"Server", "<shop>"}},
                              .response_body = "not today",
                              .response_bytes = 2000};
        save_attempt(tx, record.delivery, attempt, std::nullopt);
        return record.delivery.id;
    });
    EXPECT_THAT(get(below("/delivery/" + id)),
                AllOf(HasSubstr("Try 1: answered 500"), HasSubstr(", 17 ms"),
                      HasSubstr("POST http://127.0.0.1:1/hook\nStripe-Signature: t=1,v1=ab\n"),
                      HasSubstr("&quot;customer.created&quot;"),
                      HasSubstr("Server: &lt;shop&gt;\n\nnot today"),
                      HasSubstr("Its first 9 bytes of 2000.")));
}

TEST_F(InspectorTest, MovesATestClock) {
    const auto clock =
        twin_.post_id("/v1/test_helpers/test_clocks", "frozen_time=1769860800");  // 31 Jan 2026
    // A month later there is no 31st: the last day of February.
    EXPECT_THAT(get(below("/clocks")), AllOf(HasSubstr(clock), HasSubstr("2026-01-31T12:00:00Z"),
                                             HasSubstr("value=\"2026-02-28T12:00:00Z\"")));
    const auto advance = [&](const std::string& to) {
        return ask(http::Method::Post, below("/clocks"),
                   "action=advance&clock=" + clock + "&to=" + to);
    };
    EXPECT_THAT(follow(advance("%3Ctomorrow")),
                AllOf(HasSubstr("Write the time like"), HasSubstr("value=\"&lt;tomorrow\"")));
    EXPECT_THAT(follow(advance("2026-01-30T12:00:00Z")),
                AllOf(HasSubstr("must be after"), HasSubstr("value=\"2026-01-30T12:00:00Z\"")));
    const auto moving = advance("2026-02-28T12:00:00Z");
    EXPECT_EQ(page_after(moving), below("/clocks"));
    EXPECT_THAT(follow(moving), AllOf(HasSubstr("on its way to 2026-02-28T12:00:00Z"),
                                      HasSubstr("role=\"status\""), HasSubstr("Look again")));
    twin_.run_due_work();
    EXPECT_EQ(twin_.get("/v1/test_helpers/test_clocks/" + clock).body.at("frozen_time"),
              1'772'280'000);  // 28 days after 1769860800
    EXPECT_THAT(get(below("/clocks")), Not(HasSubstr("Look again")));
}

TEST_F(InspectorTest, TakesADayForItsMidnight) {
    const auto clock =
        twin_.post_id("/v1/test_helpers/test_clocks", "frozen_time=1769860800");  // 31 Jan 2026
    EXPECT_THAT(follow(ask(http::Method::Post, below("/clocks"),
                           "action=advance&clock=" + clock + "&to=+2026-02-01+")),
                HasSubstr("on its way to 2026-02-01T00:00:00Z"));
}

TEST_F(InspectorTest, SaysWhatASendingAgainCameTo) {
    twin_.post("/v1/webhook_endpoints",
               "url=http%3A%2F%2F127.0.0.1%3A1%2F&enabled_events[]=customer.created");
    twin_.post("/v1/products", "name=Lamp");
    const auto unwanted = text_of(twin_.get("/v1/events").body.at("data").at(0), "id");
    EXPECT_THAT(follow(ask(http::Method::Post, below("/event/" + unwanted), "action=resend")),
                AllOf(HasSubstr("role=\"alert\">No endpoint wants this event"),
                      HasSubstr("No endpoint has wanted it.")));
    twin_.post("/v1/customers", "");
    const auto wanted = text_of(twin_.get("/v1/events").body.at("data").at(0), "id");
    const auto sent = ask(http::Method::Post, below("/event/" + wanted), "action=resend");
    EXPECT_THAT(follow(sent), HasSubstr("role=\"status\">It is sent again, to 1 endpoint."));
    // Reloading says it again and sends nothing; without its number the page says nothing.
    EXPECT_THAT(follow(sent), HasSubstr("It is sent again"));
    EXPECT_THAT(get(below("/event/" + wanted)), Not(HasSubstr("It is sent again")));
    EXPECT_THAT(get(below("/event/" + wanted) + "?notice=x"), Not(HasSubstr("It is sent again")));
    EXPECT_THAT(get(below("/deliveries")), HasSubstr(">customer.created</td>"));
    EXPECT_EQ(ask(http::Method::Post, below("/event/evt_none"), "action=resend").status, 404);
}

TEST_F(InspectorTest, SaysInWordsThatATableIsEmpty) {
    EXPECT_THAT(get("/"), HasSubstr("the first call with a key"));
    EXPECT_THAT(get(below()), HasSubstr("It has no objects."));
    EXPECT_THAT(get(below("/events")), HasSubstr("Nothing has happened yet."));
    EXPECT_THAT(get(below("/deliveries")), HasSubstr("No webhook has been queued."));
    EXPECT_THAT(get(below("/deliveries?state=failed")), HasSubstr("No webhook is in this state."));
}

TEST_F(InspectorTest, TellsObjectsAndAccountsApart) {
    const auto customer = twin_.post_id("/v1/customers", "name=Ada+L&email=ada%40example.com");
    twin_.post("/v1/invoiceitems", "customer=" + customer + "&amount=1250&currency=usd");
    EXPECT_THAT(get(below("/objects/customer")), HasSubstr(">Ada L, ada@example.com</td>"));
    // An invoice item has a date where others have the time of their creation.
    EXPECT_THAT(get(below("/objects/invoiceitem")),
                AllOf(HasSubstr("$12.50</td>"), Not(HasSubstr("1970-01-01"))));
    // The key is sk_test_first: of five letters two are shown.
    for (const auto& page : {std::string("/"), below()})
        EXPECT_THAT(get(page), AllOf(HasSubstr("sk_test_…st"), Not(HasSubstr("sk_test_first"))));
    EXPECT_THAT(get("/"), HasSubstr("{host: 'localhost', port: 12111, protocol"));
}

TEST_F(InspectorTest, CountsWhatItLists) {
    const auto gone = twin_.post_id("/v1/customers", "");
    twin_.post("/v1/customers", "");
    twin_.del("/v1/customers/" + gone);
    EXPECT_THAT(get(below("/objects/customer")), AllOf(HasSubstr(gone), HasSubstr(">deleted<")));
    EXPECT_THAT(get(below()), HasSubstr("<td data-name=\"Objects\" class=\"amount\">2</td>"));
}

TEST_F(InspectorTest, LeadsOnToOlderPartsOfAnObject) {
    const auto customer = twin_.post_id("/v1/customers", "");
    std::string first;
    for (int i = 0; i < 51; ++i) {
        const auto id =
            twin_.post_id("/v1/payment_intents", "amount=500&currency=usd&customer=" + customer);
        if (i == 0) first = id;
    }
    const auto page = get(below("/object/customer/" + customer));
    EXPECT_THAT(page, Not(HasSubstr(first)));
    const auto link = page.find("/object/customer/" + customer + "?before=");
    ASSERT_NE(link, std::string::npos);
    const auto older = page.substr(link, page.find('"', link) - link);
    EXPECT_THAT(get(below(older)), HasSubstr(first));
}

TEST_F(InspectorTest, FindsWhatIsTypedWithSpaces) {
    const auto customer = twin_.post_id("/v1/customers", "");
    EXPECT_EQ(leads_to(ask(http::Method::Get, "/inspect/find?id=+" + customer + "%09+")),
              below("/object/customer/" + customer));
}

TEST_F(InspectorTest, HasNoIcon) {
    const auto answer = ask(http::Method::Get, "/favicon.ico");
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.body, "");
}

TEST_F(InspectorTest, LinksThatLeadNowhereArePagesWithAWayOn) {
    for (const char* path : {"/p/nope", "/p/session/bps_none", "/c/nope", "/c/pay/cs_none"}) {
        http::Request request;
        request.path = request.target = path;
        asio::io_context io;
        auto answering = asio::co_spawn(io, twin_.twin().handle(request), asio::use_future);
        io.run();
        const auto answer = answering.get();
        EXPECT_EQ(answer.status, 404) << path;
        EXPECT_THAT(answer.body, HasSubstr("href=\"/\"")) << path;
    }
}

// Beside a subscription the sandbox keeps what it grants, under the same id.
TEST_F(InspectorTest, FindsTheObjectThatAnIdIsOf) {
    const auto customer = twin_.post_id("/v1/customers", "");
    const auto card = twin_.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
    const auto price = twin_.post_id("/v1/prices",
                                     "currency=usd&unit_amount=900&recurring[interval]=month"
                                     "&product_data[name]=Pro");
    const auto id = twin_.post_id("/v1/subscriptions",
                                  "customer=" + customer + "&items[0][price]=" + price +
                                      "&default_payment_method=" + text_of(card.body, "id"));
    EXPECT_EQ(leads_to(ask(http::Method::Get, "/inspect/find?id=" + id)),
              below("/object/subscription/" + id));
    for (const auto& page : {below(), below("/object/customer/" + customer)})
        EXPECT_THAT(get(page), Not(HasSubstr("grant")));
}

class ChaosPageTest : public InspectorTest {
protected:
    Json chaos_is() {
        asio::io_context io;
        auto overview = asio::co_spawn(io, chaos_.overview(), asio::use_future);
        io.run();
        return overview.get();
    }
    http::Response send(const std::string& form) {
        return ask(http::Method::Post, "/inspect/chaos", form);
    }
};

TEST_F(ChaosPageTest, AddsRulesAndShowsThem) {
    EXPECT_THAT(get("/"), HasSubstr("href=\"/inspect/chaos\""));
    EXPECT_THAT(get("/inspect/chaos"), HasSubstr("Nothing goes wrong"));
    EXPECT_EQ(
        page_after(send("action=add_call&call=POST+%2Fv1%2F%3Cb%3E&do=error_after_commit&next=2"
                        "&percent=&wait_ms=")),
        "/inspect/chaos");
    EXPECT_EQ(page_after(send("action=add_webhook&webhook=invoice.*&endpoint=*&do=delay&next="
                              "&percent=5&wait_ms=20&count=&order=&version=")),
              "/inspect/chaos");
    EXPECT_EQ(page_after(send("action=add_webhook&webhook=*&endpoint=*&do=reorder"
                              "&order=invoice.paid,+invoice.created")),
              "/inspect/chaos");
    const Json rules = chaos_is().at("rules");
    EXPECT_EQ(rules.at(0), Json::parse(R"({"call": "POST /v1/<b>", "do": "error_after_commit",
                                           "next": 2, "strikes": 0})"));
    EXPECT_EQ(rules.at(1), Json::parse(R"({"webhook": "invoice.*", "endpoint": "*", "do": "delay",
                                           "percent": 5, "wait_ms": 20, "strikes": 0})"));
    EXPECT_EQ(rules.at(2).at("order"), Json::parse(R"(["invoice.paid", "invoice.created"])"));
    EXPECT_THAT(get("/inspect/chaos"),
                AllOf(HasSubstr("POST /v1/&lt;b&gt;"), Not(HasSubstr("<b>")),
                      HasSubstr("the next 2"), HasSubstr("5 %"), HasSubstr("delay, waits 20 ms")));
}

TEST_F(ChaosPageTest, SetsTheSeedAndClears) {
    send("action=add_call&call=%2Fv1%2F*&do=error");
    send("action=seed&seed=42");
    EXPECT_EQ(chaos_is().at("seed"), 42);
    EXPECT_EQ(chaos_is().at("rules").size(), 1U);
    send("action=random&seed=7");
    EXPECT_EQ(chaos_is().at("seed"), 7);
    EXPECT_GT(chaos_is().at("rules").size(), 10U);
    send("action=clear");
    EXPECT_TRUE(chaos_is().at("rules").empty());
}

TEST_F(ChaosPageTest, SaysWhatIsWrongAndKeepsWhatWasTyped) {
    const struct {
        const char* form;
        const char* says;
    } cases[] = {
        {"action=add_call&call=%2Fv1%2F%22%3E&do=drop", "Nothing of this name happens to calls."},
        {"action=add_call&call=%2Fv1%2F%22%3E&do=error&next=x", "next"},
        {"action=add_call&call=%2Fv1%2F%22%3E&do=error&next=1&percent=2",
         "Either the next ones or"},
        {"action=add_call&call=%2Fv1%2F%22%3E&do=rate_limit&wait_ms=5", "wait_ms:"},
    };
    for (const auto& c : cases) {
        const auto page = follow(send(c.form));
        EXPECT_THAT(page, AllOf(HasSubstr(c.says), HasSubstr("role=\"alert\""),
                                HasSubstr("value=\"/v1/&quot;&gt;\"")));
        if (std::string_view(c.says) != "next")
            EXPECT_EQ(page.find(c.says), page.rfind(c.says)) << "said twice: " << c.form;
    }
    for (const char* form :
         {"action=seed&seed=x", "action=random&seed=-1", "action=seed", "", "action=burn"})
        EXPECT_THAT(follow(send(form)), HasSubstr("role=\"alert\"")) << form;
    EXPECT_TRUE(chaos_is().at("rules").empty());
}

TEST_F(ChaosPageTest, RefusesWhatNoCallIsLike) {
    for (const char* about : {"%2Fp%2Fsession%2F*", "post+%2Fv1%2F*", "POST+%2Fvx", "nonsense"})
        EXPECT_THAT(follow(send(std::string("action=add_call&do=error&call=") + about)),
                    HasSubstr("No call is like that"))
            << about;
    EXPECT_TRUE(chaos_is().at("rules").empty());
    for (const char* about : {"%2Fv1%2F*", "P*", "*", "POST+%2Fv1%2Frefunds", "+*customers+"})
        EXPECT_THAT(follow(send(std::string("action=add_call&do=error&wait_ms=+&call=") + about)),
                    HasSubstr("role=\"status\">The rule is in the plan."))
            << about;
    EXPECT_EQ(chaos_is().at("rules").size(), 5U);
}

TEST_F(ChaosPageTest, RemovesOneRule) {
    send("action=add_call&call=%2Fv1%2Frefunds&do=error");
    send("action=add_call&call=%2Fv1%2Fplans&do=error");
    EXPECT_THAT(get("/inspect/chaos"), HasSubstr("Remove rule 2"));
    const std::string first =
        "%7B%22call%22%3A%22*+%2Fv1%2Frefunds%22%2C%22do%22%3A%22error%22%2C%22next%22%3A1%7D";
    EXPECT_THAT(follow(send("action=remove&place=1&seen=" + first)),
                HasSubstr("The plan has changed since"));
    EXPECT_THAT(follow(send("action=remove&place=-1&seen=" + first)), HasSubstr("role=\"alert\""));
    EXPECT_EQ(chaos_is().at("rules").size(), 2U);
    EXPECT_THAT(follow(send("action=remove&place=0&seen=" + first)),
                HasSubstr("no longer in the plan"));
    ASSERT_EQ(chaos_is().at("rules").size(), 1U);
    EXPECT_EQ(chaos_is().at("rules").at(0).at("call"), "* /v1/plans");
}

TEST_F(ChaosPageTest, IsForPagesOfThisSandbox) {
    EXPECT_EQ(ask(http::Method::Post, "/inspect/chaos", "action=add_call&call=*&do=error",
                  "http://evil.example")
                  .status,
              403);
    EXPECT_TRUE(chaos_is().at("rules").empty());
}

TEST_F(ChaosPageTest, NothingStrikesTheInspector) {
    send("action=add_call&call=*&do=error&percent=100");
    http::Request call;
    call.method = http::Method::Get;
    call.path = call.target = "/v1/customers";
    call.headers = {{"Authorization", "Bearer sk_test_sandbox12345"}};
    asio::io_context io;
    auto answer = asio::co_spawn(io, chaos_.handle(call), asio::use_future);
    io.run();
    EXPECT_EQ(answer.get().status, 500);
    EXPECT_THAT(get("/inspect/chaos"),
                AllOf(HasSubstr("GET /v1/customers"),
                      HasSubstr("<td data-name=\"Struck\" class=\"amount\">1</td>")));
}

TEST_F(InspectorTest, TellsWhatIsNotThereAndRefusesOtherPages) {
    twin_.post("/v1/customers", "");
    for (const char* target :
         {"/inspect/find?id=cus_none", "/inspect/acct_x", "/inspect/acct_x/events",
          "/inspect/acct_x/clocks", "/inspect/acct_x/objects/customer",
          "/inspect/acct_x/object/customer/cus_none", "/inspect/acct_x/event/evt_none",
          "/inspect/acct_x/delivery/none", "/inspect/a/b/c/d/e"})
        EXPECT_EQ(ask(http::Method::Get, target).status, 404) << target;
    for (const char* path : {"/objects/nope", "/objects/turnpike.entitlement_grant",
                             "/object/turnpike.entitlement_grant/sub_none"})
        EXPECT_EQ(ask(http::Method::Get, below(path)).status, 404) << path;
    EXPECT_THAT(get("/inspect"), HasSubstr("<h2>Accounts</h2>"));
    EXPECT_EQ(ask(http::Method::Post, below("/clocks"), "", "http://evil.example").status, 403);
}

}  // namespace
}  // namespace turnpike::twin
