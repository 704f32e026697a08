#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "catalog/preset.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "monitoring/finding_store.h"
#include "monitoring/observe.h"
#include "sql/testing.h"
#include "subscriptions/service.h"

namespace turnpike {

/// 2026-03-02T00:00:00Z: the monitoring tests' now.
inline constexpr Instant kWatchNow{std::chrono::seconds(1'772'409'600)};

/// A ledger that sells two catalogs, api-metering first, with subscriptions as a test wants them.
class MonitoringTest : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        for (const char* name : {"api-metering", "learning-app"})
            db().write_blocking([&](sql::Transaction& tx) {
                const auto file = read_catalog_file(*preset_catalog(name));
                return apply_catalog(tx, *file, kWatchNow, ids).value();
            });
    }

    struct Buyer {
        std::string external_id;
        std::string catalog = "api-metering", plan = "pro";
    };
    /// Active since ten days, for twenty more, as `change` makes it.
    Subscription subscribe(
        const Buyer& buyer, const std::function<void(Subscription&)>& change = [](auto&) {}) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const auto customer =
                ensure_customer(tx, QualifiedName{buyer.catalog, buyer.external_id},
                                buyer.external_id + "@example.com", kWatchNow, ids);
            const auto catalog = load_catalog(tx);
            const PlanVersion& plan = *catalog.plan(buyer.catalog, buyer.plan);
            Subscription wanted{
                .id = ids.make<SubscriptionId>(kWatchNow),
                .customer = customer->id,
                .plan_version = plan.id,
                .price = plan.prices.front().id,
                .provider = "stripe",
                .status = SubscriptionStatus::Active,
                .period = {kWatchNow - std::chrono::days(10), kWatchNow + std::chrono::days(20)},
                .created_at = kWatchNow - std::chrono::days(10)};
            wanted.provider_subscription_id = "sub_of_" + buyer.external_id;
            wanted.started_at = wanted.period.start;
            if (!insert_subscription(tx, wanted)) throw std::runtime_error("it has one already");
            wanted.version = 1;
            change(wanted);
            return save_subscription(tx, wanted, kWatchNow).value();
        });
    }
    /// One look at everything.
    SettledCount pass(Instant now = kWatchNow, const std::vector<ActionLag>& lags = {}) {
        return db().write_blocking([&](sql::Transaction& tx) {
            std::vector<Finding> open;
            for (const FindingKind kind : kObservedKinds)
                std::ranges::move(load_open_findings(tx, kind), std::back_inserter(open));
            const auto seen = observe(tx, MonitorRule{}, lags, now);
            return apply_settlement(tx, settle(seen, open), now, ids);
        });
    }
    void run_sql(std::string_view sql, std::initializer_list<sql::Value> parameters = {}) {
        db().write_blocking([&](sql::Transaction& tx) { return tx.run(sql, parameters); });
    }
    /// The customer's default card. Its id is made of his, so that each has another one.
    void card(const Subscription& of, std::optional<Instant> good_until) {
        run_sql("INSERT INTO default_cards VALUES ($1, 'stripe', $2, 'visa', '4242', $3, $4, 0)",
                {of.customer, "pm_" + of.customer.text(), good_until, kWatchNow});
    }
    struct OpenInvoice {
        std::string id;
        std::int64_t due_minor = 2900;
        std::int64_t attempts = 1;
        Instant issued_at = kWatchNow;
        std::optional<Instant> next_attempt_at{};
    };
    void add_invoice(const Subscription& subscription, const OpenInvoice& invoice) {
        run_sql(R"sql(
            INSERT INTO invoices (id, customer_id, subscription_id, provider, provider_invoice_id,
                   status, billing_reason, currency, subtotal_minor, total_minor, amount_due_minor,
                   amount_paid_minor, tax_minor, discount_minor, credit_applied_minor,
                   credited_minor, attempt_count, period_start, period_end, issued_at,
                   applied_ticket, created_at, updated_at, next_attempt_at)
            VALUES ($1, $2, $3, 'stripe', $1, 'open', 'subscription_cycle', 'usd', $4, $4, $4, 0, 0,
                   0, 0, 0, $5, $6, $6, $6, 0, $6, $6, $7))sql",
                {invoice.id, subscription.customer, subscription.id, invoice.due_minor,
                 invoice.attempts, invoice.issued_at, invoice.next_attempt_at});
    }

    RandomIdSource ids;
};

}  // namespace turnpike
