#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "billing/life/commands.h"
#include "billing/provider/contexts.h"
#include "http/client.h"
#include "invoicing/invoice.h"
#include "metering/log/usage_log.h"
#include "metering/service.h"
#include "payments/stripe/provider.h"
#include "sandbox/sandbox.h"
#include "sql/testing.h"

namespace turnpike {

/// One sandbox for the whole test program; each world opens an account of its own in it.
class SharedSandbox {
public:
    static SharedSandbox& get();
    [[nodiscard]] std::string url() const { return sandbox_->url(); }

private:
    SharedSandbox();
    SystemClock clock_;
    RandomIdSource ids_;
    sql::TempFolder folder_;
    std::unique_ptr<Sandbox> sandbox_;
};

/// Runs a coroutine to its end on this thread; what it throws comes out.
template <class T>
T run_to_end(asio::awaitable<T> work) {
    asio::io_context io;
    std::optional<T> result;
    std::exception_ptr thrown;
    const auto keep = [](asio::awaitable<T> wanted,
                         std::optional<T>& kept) -> asio::awaitable<void> {
        kept.emplace(co_await std::move(wanted));
    };
    asio::co_spawn(io, keep(std::move(work), result),
                   [&](const std::exception_ptr& error) { thrown = error; });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return *std::move(result);
}

/// A ledger with the api-metering catalog, the real Stripe adapter, and the real sandbox behind it:
/// everything of a server but its HTTP. `db` may be wrapped by a test.
class BillingWorld {
public:
    /// \param log  where usage is kept; nullptr: in the ledger
    explicit BillingWorld(sql::Database& ledger, std::string key, UsageLog* log = nullptr);

    template <class T>
    T run(asio::awaitable<T> work) {
        return run_to_end(std::move(work));
    }

    CustomerId customer(const std::string& external_id,
                        const std::optional<TestClockId>& clock = std::nullopt);
    /// The plan's monthly price.
    StartRequest start_request(const CustomerId& customer, const std::string& plan,
                               const std::string& payment_method = "pm_card_visa");
    PriceId price_of(const std::string& plan);
    /// Counts usage in the customer's current period.
    void use(const CustomerId& customer, std::int64_t calls, const std::string& id);
    /// Takes an event of this time in, as POST /v1/events does.
    void send(const CustomerId& customer, std::int64_t calls, const std::string& id, Instant time);
    /// The event of this id was of so many calls.
    void amend(const CustomerId& customer, std::int64_t calls, const std::string& original);
    /// A GET or POST to the sandbox as any client makes it; the test fails when it is not answered
    /// with 200.
    Json sandbox_get(const std::string& path);
    Json sandbox_post(const std::string& path, const std::string& form);
    Json sandbox_delete(const std::string& path);
    std::vector<Invoice> invoices(const CustomerId& customer);

    sql::Database& ledger;
    std::string key;
    SystemClock clock;
    RandomIdSource ids;
    http::Client http;
    std::unique_ptr<stripe::Provider> provider;
    CatalogCache catalog;
    StandingCache standings;
    std::unique_ptr<UsageStore> usage;
    BillingContext billing;
    BillingContexts contexts;

private:
    void take_in(const std::string& text);
    Json ask(http::Method method, const std::string& path, const std::string& form);
};

/// "sk_test_" and 26 letters and digits that nobody else has.
std::string fresh_account_key();
/// In memory, migrated, with the preset applied.
std::unique_ptr<sql::Database> ledger_with_catalog();

/// A new one, with the smallest segments.
std::unique_ptr<UsageLog> usage_log_in(const sql::TempFolder& folder);

inline const Authority tester{"test", ""};

/// Each test has a ledger, and an account at the sandbox, of its own.
class BillingTest : public ::testing::Test {
protected:
    /// A subscription to the plan with a good card; the test fails when there is none.
    Subscription started(const CustomerId& customer, const std::string& plan);
    /// As the ledger has it.
    Subscription load(const SubscriptionId& id);
    /// A customer on a test clock that stands at `start`.
    CustomerId on_clock(const std::string& name, Instant start);
    /// Moves that clock.
    void advance(Instant to);
    static std::vector<std::int64_t> amounts(const Invoice& invoice, LineKind kind);

    std::unique_ptr<sql::Database> ledger = ledger_with_catalog();
    BillingWorld world{*ledger, fresh_account_key()};
    std::optional<TestClockId> clock_id;
};

}  // namespace turnpike
