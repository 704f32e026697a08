#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analytics/revenue.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// Whose figures, and when: every function below reads the ledger and no clock. docs/metrics.md
/// defines each figure.
struct FigureScope {
    std::string catalog;  ///< key; "": all that are sold
    Instant now;
};

/// Subscriptions by plan, status and price: those that have ever started, as they are now.
std::vector<RevenueGroup> load_groups(sql::Transaction& tx, const FigureScope& scope);
/// Those that ran at `then`, as their events say they were at that moment.
std::vector<RevenueGroup> load_groups_at(sql::Transaction& tx, const FigureScope& scope,
                                         Instant then);

/// MRR, ARR and ARPC by currency, each by catalog and by plan ("MRR by tier").
std::vector<RecurringRevenue> load_revenue(sql::Transaction& tx, const FigureScope& scope);

/// What of one currency recurs now, and did when `span` began.
struct RevenueGrowth {
    Period span;
    Currency currency = Currency::Usd;
    RecurringRevenue before, now;

    /// The change of the MRR by the MRR before; null where that was nothing.
    [[nodiscard]] std::optional<Fraction> rate() const;
};
inline constexpr std::chrono::days kGrowthDays{7};
/// Over the last kGrowthDays: one for each currency in which anything recurs now or did then.
std::vector<RevenueGrowth> load_growth(sql::Transaction& tx, const FigureScope& scope);

/// What one customer, a person or an organization, contributes to the MRR.
struct CustomerRevenue {
    CustomerId customer;
    std::string external_id;
    std::optional<std::string> organization{};  ///< its id, where the customer is one
    std::string plan_key;                       ///< its qualified name
    Currency currency = Currency::Usd;
    Fraction mrr;
};
/// nullopt for who pays nothing that recurs: no subscription, a trial, a pause.
std::optional<CustomerRevenue> load_customer_revenue(sql::Transaction& tx,
                                                     const CustomerId& customer, Instant now);
/// Those who contribute most, of each currency: at most `limit`, the highest first.
std::vector<CustomerRevenue> load_top_customers(sql::Transaction& tx, const FigureScope& scope,
                                                std::int64_t limit);

/// Subscriptions of a window of time. A start that was never paid is none.
struct SubscriptionMoves {
    std::int64_t started = 0;  ///< new ones, trials too
    std::int64_t active = 0;   ///< that ran at any moment of it
    std::int64_t ended = 0;
    std::map<std::string, std::int64_t> started_by_provider;
};
SubscriptionMoves load_subscription_moves(sql::Transaction& tx, const FigureScope& scope,
                                          const Period& window);

/// Customers who were free in a window, and how many of them began to pay in it.
struct Conversion {
    std::int64_t free_customers = 0;
    std::int64_t converted = 0;

    /// Null when nobody was free.
    [[nodiscard]] std::optional<Fraction> rate() const;
};
Conversion load_conversion(sql::Transaction& tx, const FigureScope& scope, const Period& window);

struct CheckoutCounts {
    std::int64_t initiated = 0;
    std::int64_t completed = 0;  ///< of these, by now
};
CheckoutCounts load_checkouts(sql::Transaction& tx, const FigureScope& scope, const Period& window);

/// Providers' events of a window. An event belongs to no catalog.
struct WebhookCounts {
    std::int64_t received = 0;
    std::int64_t processed = 0;
    std::int64_t dead = 0;  ///< given up after many tries; the rest waits

    /// processed / received; null without any.
    [[nodiscard]] std::optional<Fraction> success_rate() const;
};
std::map<std::string, WebhookCounts> load_webhooks_by_provider(sql::Transaction& tx,
                                                               const Period& window);
WebhookCounts sum_of(const std::map<std::string, WebhookCounts>& by_provider);

}  // namespace turnpike
