#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sandbox/chaos/store.h"
#include "sandbox/deliveries.h"
#include "sandbox/provider_twin.h"
#include "sandbox/shared_tables.h"
#include "sql/database.h"
#include "sql/migrator.h"

/// For tests of chaos: a database without a provider, and a provider that does nothing.
namespace turnpike::twin::testing {

/// In memory, with the tables that every twin has.
inline std::unique_ptr<sql::Database> chaos_database() {
    static constexpr std::array kMigrations{
        sql::Migration{.number = 1, .name = "0001_objects", .sql = kSharedTables},
        sql::Migration{.number = 2, .name = "0002_kept_deliveries", .sql = kKeptDeliveries},
        sql::Migration{.number = 3, .name = "0003_chaos", .sql = kChaosTables},
    };
    auto database = sql::Database::open({.url = "sqlite::memory:"});
    if (!database) throw std::runtime_error(database.error().message);
    const auto migrated = sql::migrate(**database, kMigrations, from_unix_seconds(0));
    if (!migrated) throw std::runtime_error(migrated.error().message);
    return *std::move(database);
}

/// A provider that counts what it did, and answers with the count.
class CountingTwin final : public ProviderTwin {
public:
    asio::awaitable<http::Response> handle(http::Request& request) override {
        ++handled;
        co_return http::text_response(200, request.path + " " + std::to_string(handled));
    }
    http::Response refused(const http::Request& /*request*/, int status) override {
        return http::text_response(status, "refused");
    }
    http::Response excuse(const http::Request& /*request*/, int status) override {
        return http::text_response(status, "excuse");
    }
    void keep_answer(sql::Transaction& /*tx*/, const http::Request& /*request*/,
                     const http::Response& /*given*/, const http::Response& answer) override {
        kept.push_back(answer.status);
    }
    bool has_versions() const override { return versions; }
    void set_base_url(std::string /*base_url*/) override {}
    void on_change(std::function<void()> /*notify*/) override {}
    asio::awaitable<void> run_due_work() override { co_return; }
    std::optional<http::Call> call_of(sql::Transaction& /*tx*/, const Delivery& /*delivery*/,
                                      Instant /*now*/, const WebhookStyle& /*style*/) override {
        return call;
    }
    std::string event_type(const Delivery& delivery) override { return delivery.body; }
    std::optional<Instant> retry_at(sql::Transaction& /*tx*/, const Delivery& /*delivery*/,
                                    const Attempt& /*attempt*/) override {
        return std::nullopt;
    }
    bool prune(sql::Transaction& /*tx*/, Instant /*now*/, PruneWalk& /*walk*/) override {
        return false;
    }
    std::int64_t resend(sql::Transaction& /*tx*/, const EventAddress& /*event*/,
                        Instant /*now*/) override {
        return 0;
    }
    Inspected& inspected() override { throw std::logic_error("there is nothing to see"); }
    sql::Database& database() override { return *database_; }
    const Clock& clock() const override { return clock_; }

    bool versions = true;
    int handled = 0;
    std::optional<http::Call> call;  ///< of every webhook
    std::vector<int> kept;

private:
    std::unique_ptr<sql::Database> database_ = chaos_database();
    ManualClock clock_{from_unix_seconds(1'800'000'000)};
};

}  // namespace turnpike::twin::testing
