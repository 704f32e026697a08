#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "http/client.h"
#include "payments/stripe/fake_stripe.h"
#include "payments/stripe/provider.h"
#include "payments/testing.h"
#include "sql/testing.h"

namespace turnpike::stripe {

inline constexpr const char* kTestKey = "sk_test_51Canary0Key";

/// The real adapter, over real HTTP, to a small Stripe with behaviour; waits are short.
class ProviderTest : public ::testing::Test {
protected:
    ProviderTest() { connect(stripe.url()); }

    static ClientConfig quick(const std::string& url) {
        ClientConfig config;
        config.secret_key = kTestKey;
        config.base_url = url;
        config.call_timeout = std::chrono::milliseconds(250);
        config.retry.first_wait = std::chrono::milliseconds(2);
        config.retry.total = std::chrono::milliseconds(2'000);
        config.breaker.failures_to_open = 1'000;
        config.jitter_permille = [] { return 1'000U; };
        return config;
    }
    void connect(const std::string& url) { connect(quick(url)); }
    void connect(ClientConfig config) {
        auto made = Provider::create(std::move(config), http, {*db, clock, ids}, {});
        if (!made) throw std::runtime_error(made.error().message);
        provider = *std::move(made);
    }
    Intent intent(const std::string& obligation) {
        return intent_of(*db, kProviderName, obligation);
    }
    static NewSubscription subscription(std::string obligation) {
        return {.subscription = SubscriptionId::trusted("sub_01TEST"),
                .obligation = std::move(obligation),
                .customer = "cus_7",
                .price = "price_7",
                .payment_method = "pm_7"};
    }

    std::unique_ptr<sql::Database> db = sql::open_test_database();
    ManualClock clock{from_unix_seconds(1'726'358'400)};
    RandomIdSource ids;
    FakeStripe stripe;
    http::Client http{http::Client::Config{}};
    std::unique_ptr<Provider> provider;
};

}  // namespace turnpike::stripe
