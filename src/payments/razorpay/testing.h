#pragma once

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/client.h"
#include "json/value.h"
#include "payments/razorpay/provider.h"
#include "payments/testing.h"
#include "sandbox/razorpay/twin.h"
#include "sandbox/twin_server.h"
#include "sql/testing.h"

namespace turnpike::razorpay {

inline constexpr const char* kTestKey = "rzp_test_adapter1";
inline constexpr const char* kTestSecret = "canary5ecret";
/// What only the twin has.
inline const std::string kControls = "/_sandbox";
inline constexpr std::int64_t kDay = 86'400;

/// The real adapter, over real HTTP, to the twin of Razorpay. Both read one clock; waits are short.
class ProviderTest : public ::testing::Test {
protected:
    ProviderTest() { connect(quick(way_to_twin())); }

    /// Where the adapter finds the twin: tests/clients/razorpay_requests.test.mjs puts a proxy
    /// between them that keeps the requests.
    [[nodiscard]] std::string way_to_twin() {
        const char* proxy = std::getenv("TURNPIKE_TEST_PROXY");  // NOLINT(concurrency-mt-unsafe)
        if (proxy == nullptr) return twin->url();
        const auto told = http.send_blocking({.method = http::Method::Put,
                                              .url = std::string(proxy) + "/target",
                                              .headers = {},
                                              .body = twin->url()});
        if (!told) throw std::runtime_error(told.error().message);
        return proxy;
    }

    static ClientConfig quick(const std::string& url) {
        ClientConfig config;
        config.key_id = kTestKey;
        config.key_secret = kTestSecret;
        config.base_url = url;
        config.call_timeout = std::chrono::milliseconds(2'000);
        config.retry.first_wait = std::chrono::milliseconds(2);
        config.retry.total = std::chrono::milliseconds(8'000);
        config.breaker.failures_to_open = 1'000;
        config.jitter_permille = [] { return 1'000U; };
        return config;
    }
    void connect(const ClientConfig& config) {
        auto made = Provider::create(config, http, {*db, clock, ids}, {});
        if (!made) throw std::runtime_error(made.error().message);
        provider = *std::move(made);
    }

    Json ask(http::Method method, const std::string& path, const std::string& body = "",
             const std::string& type = "application/json") {
        const http::Call call{
            .method = method,
            .url = twin->url() + path,
            .headers = {{"Authorization",
                         "Basic " + to_base64(std::string(kTestKey) + ":" + kTestSecret)},
                        {"Content-Type", type}},
            .body = body};
        const auto reply = http.send_blocking(call);
        if (!reply || reply->status >= 400)
            throw std::runtime_error(path + ": " + (reply ? reply->body : reply.error().message));
        return parse_json(reply->body).value_or(Json());
    }
    Json get(const std::string& path) { return ask(http::Method::Get, path); }
    Json post(const std::string& path, const Json& body) {
        return ask(http::Method::Post, path, to_text(body));
    }
    /// All objects of a kind, as the twin has them.
    std::size_t count(const std::string& collection) {
        return get("/v1/" + collection + "?count=100").at("count").get<std::size_t>();
    }
    /// What goes wrong with the next calls that fit.
    void order(const std::string& call, const std::string& misfortune, int next = 1) {
        Json rule{{"call", call}, {"do", misfortune}, {"next", next}};
        if (misfortune.starts_with("timeout")) rule["wait_ms"] = 20;
        post("/_sandbox/chaos", rule);
    }
    /// A person at the subscription's page.
    void authorise(const std::string& subscription, const std::string& more = "") {
        ask(http::Method::Post, "/p/subscription/" + subscription, "action=authorise" + more,
            "application/x-www-form-urlencoded");
    }
    /// Moves the account's clock, and all that falls due on the way.
    void pass(std::int64_t seconds) {
        post(kControls + "/clock", Json{{"advance_seconds", seconds}});
    }

    std::string customer(const std::string& name = "acme") {
        return must(run(provider->create_customer({.customer = CustomerId::trusted("cus_" + name),
                                                   .external_id = name,
                                                   .email = name + "@example.org",
                                                   .name = name,
                                                   .test_clock = std::nullopt})));
    }
    std::string price(std::int64_t paise = 50'000, const std::string& id = "price_gold") {
        return must(run(provider->create_price({.price = PriceId::trusted(id),
                                                .plan_key = "gold",
                                                .plan_name = "Gold",
                                                .plan_version = PlanVersionId::trusted("pv_1"),
                                                .amount = Money(paise, Currency::Inr),
                                                .interval = "month"})));
    }
    static NewSubscription wanted(std::string customer, std::string price,
                                  std::string obligation = "start:1") {
        return {.subscription = SubscriptionId::trusted("sub_01OURS"),
                .obligation = std::move(obligation),
                .customer = std::move(customer),
                .price = std::move(price),
                .payment_method = ""};
    }
    /// Started and authorised by card, or as `more` says.
    ProviderSubscription active(const std::string& more = "") {
        const auto started = must(run(provider->start_subscription(wanted(customer(), price()))));
        authorise(started.id, more);
        return must(run(provider->get_subscription(started.id)));
    }

    Intent intent(const std::string& obligation) {
        return intent_of(*db, kProviderName, obligation);
    }

    std::unique_ptr<twin::TwinServer> start_twin() {
        auto opened = twin::razorpay::Twin::open(folder.path(), clock, ids);
        if (!opened) throw std::runtime_error(opened.error().message);
        auto server = twin::TwinServer::start({}, *std::move(opened));
        if (!server) throw std::runtime_error(server.error().message);
        return *std::move(server);
    }

    std::unique_ptr<sql::Database> db = sql::open_test_database();
    /// Noon in India.
    ManualClock clock{*parse_rfc3339("2027-01-31T06:30:00Z")};
    RandomIdSource ids;
    sql::TempFolder folder;
    std::unique_ptr<twin::TwinServer> twin = start_twin();
    http::Client http{http::Client::Config{}};
    std::unique_ptr<Provider> provider;
};

}  // namespace turnpike::razorpay
