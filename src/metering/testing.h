#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access/handler_testing.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "catalog/catalog_file.h"
#include "catalog/preset.h"
#include "catalog/service.h"
#include "metering/service.h"
#include "metering/sql/sql_usage.h"
#include "sql/database.h"

namespace turnpike::testing {

/// 2024-09-01T00:00:00Z; the test month is September 2024.
inline const Instant kStart = from_unix_seconds(1'725'148'800);
inline const Period kSeptember{kStart, from_unix_seconds(1'727'740'800)};

inline Principal seller() {
    Principal principal;
    principal.kind = PrincipalKind::Seller;
    return principal;
}

/// The preset catalog and customers in a ledger.
class MeteredWorld {
public:
    explicit MeteredWorld(sql::Database& db) : db_(db) {
        const auto file = read_catalog_file(*preset_catalog("api-metering"));
        db_.write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, *file, kStart, ids_).value(); });
        catalog_.reload(db_);
    }

    /// Replaces the catalog.
    void sell(CatalogFile file) {
        file.catalog = kCatalog;
        db_.write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, file, kStart, ids_).value(); });
        catalog_.reload(db_);
    }

    CustomerId add_customer(const std::string& external_id, Instant created_at = kStart) {
        const auto id = ids_.make<CustomerId>(created_at);
        db_.write_blocking([&](sql::Transaction& tx) {
            return tx.run(R"sql(
                INSERT INTO customers (id, external_id, catalog, metadata, created_at, version)
                VALUES ($1, $2, $3, '{}', $4, 1))sql",
                          {id, external_id, kCatalog, created_at});
        });
        return id;
    }
    /// Under no subscription, unless one is named.
    [[nodiscard]] UsageWindow window(const char* plan, Period period = kSeptember,
                                     Contract contract = std::nullopt) const {
        const auto catalog = catalog_.get();
        const PlanVersion& version = *catalog->plan(plan);
        return window_of(std::move(contract), period, version.id, Meter::Aggregation::Sum,
                         version.allowances_of("api_calls").front());
    }
    sql::Database& db() { return db_; }
    /// In the ledger's tables.
    UsageStore& usage() { return usage_; }
    CatalogCache& catalog() { return catalog_; }
    IdSource& ids() { return ids_; }

private:
    static constexpr const char* kCatalog = "api-metering";

    sql::Database& db_;
    RandomIdSource ids_;
    SqlUsage usage_{db_, ids_};
    CatalogCache catalog_;
};

/// A store whose disk is full for a while, beside a ledger that works.
class FullUsage final : public UsageStore {
public:
    explicit FullUsage(UsageStore& inner) : inner_(inner) {}
    asio::awaitable<Result<AppendReport>> append(AppendJob job) override {
        if (appends_left-- <= 0) co_return unavailable("usage_log.disk_full", "there is no space");
        co_return co_await inner_.append(std::move(job));
    }
    Counters counters(sql::Transaction& tx, const CustomerId& customer, const Contract& contract,
                      Instant period_start, Instant now) override {
        return inner_.counters(tx, customer, contract, period_start, now);
    }
    asio::awaitable<Result<std::vector<UsedPeriod>>> used_periods(PeriodQuery query) override {
        return inner_.used_periods(std::move(query));
    }
    asio::awaitable<Result<std::vector<RecordedEvent>>> list_events(EventFilter filter) override {
        return inner_.list_events(std::move(filter));
    }
    asio::awaitable<Result<std::optional<FollowedEvent>>> follow_event(UsageEventId id) override {
        return inner_.follow_event(std::move(id));
    }
    asio::awaitable<Result<std::optional<CounterHistory>>> read_history(HistoryQuery query,
                                                                        SeeEntry see) override {
        return inner_.read_history(std::move(query), std::move(see));
    }
    [[nodiscard]] std::optional<Error> failed() const override { return inner_.failed(); }

    /// Appends that are taken before it is full.
    int appends_left = 0;

private:
    UsageStore& inner_;
};

inline UsageCount count_of(UsageWindow window, std::int64_t units) {
    return {std::make_shared<const UsageWindow>(std::move(window)), Quantity::whole(units)};
}

inline PendingUsage calls(const CustomerId& customer, const std::string& id, std::int64_t units,
                          UsageWindow window) {
    UsageEvent event{.source = "test",
                     .id = id,
                     .customer = customer,
                     .meter_key = "api_calls",
                     .quantity = Quantity::whole(units),
                     .time = kStart,
                     .latency_us = std::nullopt};
    return {std::move(event), TimeStated::Yes, {count_of(std::move(window), units)}};
}

inline PendingUsage correcting(const CustomerId& customer, const std::string& id,
                               const Correction& correction, Instant time = kStart) {
    UsageEvent event{.source = "test",
                     .id = id,
                     .customer = customer,
                     .meter_key = {},
                     .quantity = {},
                     .time = time,
                     .latency_us = std::nullopt};
    return {std::move(event), TimeStated::Yes, {}, said_of(correction), correction};
}

}  // namespace turnpike::testing
