#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "billing/provider/contexts.h"
#include "billing/testing/testing.h"
#include "payments/razorpay/provider.h"
#include "payments/stripe/provider.h"
#include "sandbox/sandbox.h"

namespace turnpike {

/// A ledger that can be cut off after so many visits, as for a process that dies.
class CuttableLedger final : public sql::Database {
public:
    explicit CuttableLedger(std::unique_ptr<sql::Database> inner) : inner_(std::move(inner)) {}
    [[nodiscard]] std::string_view engine() const override { return inner_->engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_->backlog(); }
    void submit(Kind kind, sql::Job job, sql::Done done) override;

    void cut_after(int visits) { left_ = visits; }
    /// \return whether it was cut
    bool mend();

private:
    std::unique_ptr<sql::Database> inner_;
    std::optional<int> left_;
};

/// A ledger that is billed through both providers: real adapters, real twins, and one clock for all
/// of them, which the test moves.
class TwoProvidersTest : public ::testing::Test {
protected:
    TwoProvidersTest();

    template <class T>
    static T run(asio::awaitable<T> work) {
        return run_to_end(std::move(work));
    }
    BillingContext& stripe() { return *contexts->find("stripe"); }
    BillingContext& razorpay() { return *contexts->find("razorpay"); }

    CustomerId customer(const std::string& external_id);
    /// The plan's monthly price in US dollars; with pm_card_visa where `method` says so.
    StartRequest start_request(const CustomerId& customer, const std::string& plan,
                               const std::optional<std::string>& method = std::nullopt);
    Subscription started(BillingContext& billing, const StartRequest& request);
    Subscription load(const SubscriptionId& id);
    void use(const CustomerId& customer, std::int64_t calls, const std::string& id);
    std::int64_t used(const CustomerId& customer);
    std::vector<Invoice> invoices(const CustomerId& customer, const std::string& provider);
    /// Totals in cents, oldest first.
    std::vector<std::int64_t> totals(const CustomerId& customer, const std::string& provider);

    /// A person at Razorpay's page, who says who he is where nobody knows it.
    void authorise(const std::string& subscription, const std::string& email = "");
    /// To the twins, as any client asks them.
    Json ask_stripe(const std::string& path);
    Json post_to_stripe(const std::string& path, const std::string& form);
    Json ask_razorpay(http::Method method, const std::string& path, const std::string& body = "",
                      const std::string& type = "application/json");
    /// All clocks stand there, and both twins have done what fell due on the way.
    void pass_to(Instant moment);
    /// What the workers of both providers do once, however young things are.
    void work();
    void go_on_with_moves_to(BillingContext& context, Instant before);

    ManualClock clock{*parse_rfc3339("2027-01-10T06:30:00Z")};
    RandomIdSource ids;
    sql::TempFolder folder;
    std::unique_ptr<Sandbox> sandbox;
    std::unique_ptr<CuttableLedger> ledger =
        std::make_unique<CuttableLedger>(ledger_with_catalog());
    http::Client http{{.threads = 2}};
    std::unique_ptr<stripe::Provider> stripe_provider;
    std::unique_ptr<razorpay::Provider> razorpay_provider;
    CatalogCache catalog;
    StandingCache standings{StandingCache::Config{}};
    std::unique_ptr<UsageStore> usage;
    std::unique_ptr<BillingContexts> contexts;

private:
    bool is_busy();
    Json ask(const http::Call& call);
};

}  // namespace turnpike
