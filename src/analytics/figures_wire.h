#pragma once

#include <map>
#include <string>
#include <vector>

#include "analytics/figures.h"
#include "json/json.h"

namespace turnpike {

/// Everything of figures.h at one moment.
struct Figures {
    FigureScope scope;
    Period window;
    std::vector<RevenueGroup> groups;
    std::vector<RevenueGrowth> growth;  ///< one for each currency
    SubscriptionMoves moves;
    Conversion conversion;
    CheckoutCounts checkouts;
    std::map<std::string, WebhookCounts> webhooks;
    std::vector<CustomerRevenue> top_customers;
};
/// At most so many customers of each currency.
inline constexpr std::int64_t kTopCustomersShown = 10;
Figures load_figures(sql::Transaction& tx, const FigureScope& scope, const Period& window);

/// The body of GET /v1/figures, in the manner of write_revenue_stats().
Json write_figures(const Figures& figures);
/// One customer's part: {"customer", "external_id", "organization", "plan", "mrr"}.
Json write_customer_revenue(const CustomerRevenue& revenue);

}  // namespace turnpike
