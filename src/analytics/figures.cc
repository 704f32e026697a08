#include "analytics/figures.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "analytics/net_price.h"
#include "analytics/revenue_terms.h"
#include "analytics/standing_discounts.h"

namespace turnpike {
namespace {

// The status that is shown (subscriptions/subscription.h, status_at), in the customer's own time;
// by price first, since there are few, and whoever has discounts by himself.
constexpr std::string_view kGroupsNow = R"sql(
    SELECT c.key, CASE WHEN c.position = 0 THEN p.key ELSE c.key || '~' || p.key END, g.status,
           r.currency, r.interval, r.interval_count, r.amount_minor, g.subscriptions, g.seats,
           g.discounted
      FROM (SELECT s.plan_version_id, s.price_id,
                   CASE WHEN s.pause_behavior IS NOT NULL
                         AND s.status IN ('trialing', 'active', 'past_due')
                         AND (s.resumes_at IS NULL OR s.resumes_at > {customer_now}) THEN 'paused'
                        WHEN s.status = 'past_due' AND s.grace_ends_at <= {customer_now}
                        THEN 'unpaid'
                        ELSE s.status END AS status,
                   CASE WHEN {is_discounted} THEN s.id ELSE '' END AS discounted,
                   COUNT(*) AS subscriptions, CAST(SUM(s.quantity) AS BIGINT) AS seats
              FROM subscriptions s
             WHERE s.started_at IS NOT NULL
             GROUP BY 1, 2, 3, 4) g
      JOIN prices r ON r.id = g.price_id
      JOIN plan_versions v ON v.id = g.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN catalogs c ON c.key = p.catalog
     WHERE $1 = '' OR c.key = $1
)sql";

// The last event of each that ran then. Their numbers rise with their times.
constexpr std::string_view kGroupsThen = R"sql(
    SELECT c.key, CASE WHEN c.position = 0 THEN p.key ELSE c.key || '~' || p.key END, g.status,
           r.currency, r.interval, r.interval_count, r.amount_minor, g.subscriptions, g.seats,
           g.discounted
      FROM (SELECT e.plan_version_id, e.price_id,
                   CASE WHEN e.pause_behavior IS NOT NULL
                         AND e.status IN ('trialing', 'active', 'past_due')
                         AND (e.resumes_at IS NULL OR e.resumes_at > $2) THEN 'paused'
                        WHEN e.status = 'past_due' AND e.grace_ends_at <= $2 THEN 'unpaid'
                        ELSE e.status END AS status,
                   CASE WHEN EXISTS (SELECT 1 FROM subscription_discounts d
                                      WHERE d.subscription_id = s.id)
                        THEN s.id ELSE '' END AS discounted,
                   COUNT(*) AS subscriptions, CAST(SUM(e.quantity) AS BIGINT) AS seats
              FROM subscriptions s
              JOIN subscription_events e ON e.subscription_id = s.id
               AND e.number = (SELECT l.number FROM subscription_events l
                                WHERE l.subscription_id = s.id AND l.at <= $2
                                ORDER BY l.number DESC LIMIT 1)
             WHERE s.started_at <= $2 AND (s.ended_at IS NULL OR s.ended_at > $2)
             GROUP BY 1, 2, 3, 4) g
      JOIN prices r ON r.id = g.price_id
      JOIN plan_versions v ON v.id = g.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN catalogs c ON c.key = p.catalog
     WHERE $1 = '' OR c.key = $1
)sql";

constexpr std::string_view kRevenueOfCustomer = R"sql(
    SELECT s.customer_id, o.external_id, g.id,
           CASE WHEN c.position = 0 THEN p.key ELSE c.key || '~' || p.key END,
           r.currency, r.interval, r.interval_count, r.amount_minor, s.quantity, s.id
      FROM subscriptions s
      JOIN customers o ON o.id = s.customer_id
      LEFT JOIN organizations g ON g.customer_id = o.id
      JOIN prices r ON r.id = s.price_id
      JOIN plan_versions v ON v.id = s.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN catalogs c ON c.key = p.catalog
     WHERE s.customer_id = $1 AND {counts_now}
)sql";

// Of one price those with the most seats pay most: so no more than $3 of each are needed, and all
// that have discounts.
constexpr std::string_view kTopCustomers = R"sql(
    SELECT x.customer_id, o.external_id, g.id,
           CASE WHEN c.position = 0 THEN p.key ELSE c.key || '~' || p.key END,
           r.currency, r.interval, r.interval_count, r.amount_minor, x.quantity, x.id
      FROM (SELECT s.id, s.customer_id, s.plan_version_id, s.price_id, s.quantity, s.discounted,
                   ROW_NUMBER() OVER (PARTITION BY s.price_id, s.discounted
                                      ORDER BY s.quantity DESC, s.customer_id) AS place
              FROM (SELECT s.*, CASE WHEN {is_discounted} THEN 1 ELSE 0 END AS discounted
                      FROM subscriptions s) s
             WHERE {counts_now}) x
      JOIN customers o ON o.id = x.customer_id
      LEFT JOIN organizations g ON g.customer_id = o.id
      JOIN prices r ON r.id = x.price_id
      JOIN plan_versions v ON v.id = x.plan_version_id
      JOIN plans p ON p.id = v.plan_id
      JOIN catalogs c ON c.key = p.catalog
     WHERE (x.place <= $3 OR x.discounted = 1) AND ($1 = '' OR c.key = $1)
)sql";

std::vector<RevenueGroup> groups_from(const std::vector<sql::Row>& rows,
                                      const RecurringDiscounts& discounts) {
    std::vector<RevenueGroup> groups;
    for (const auto& row : rows) {
        const auto currency = parse_currency(row.text(3));
        if (!currency) continue;
        groups.push_back({.catalog = row.text(0),
                          .plan_key = row.text(1),
                          .status = row.text(2),
                          .currency = *currency,
                          .interval = row.text(4),
                          .interval_count = row.integer(5),
                          .amount_minor = row.integer(6),
                          .subscriptions = row.integer(7),
                          .quantity = row.integer(8),
                          .discounts = discounts_in(discounts, row.text(9))});
    }
    return groups;
}

/// nullopt for a free one.
std::optional<CustomerRevenue> contribution_from(const sql::Row& row,
                                                 const RecurringDiscounts& discounts) {
    const auto currency = parse_currency(row.text(4));
    if (!currency) return std::nullopt;
    const Fraction net = net_price(Int128{row.integer(7)} * row.integer(8), *currency,
                                   discounts_in(discounts, row.text(9)));
    if (net.is_zero()) return std::nullopt;
    return CustomerRevenue{.customer = row.id<CustomerId>(0),
                           .external_id = row.text(1),
                           .organization = row.maybe_text(2),
                           .plan_key = row.text(3),
                           .currency = *currency,
                           .mrr = net * monthly_factor(row.text(5), row.integer(6))};
}

bool comes_before(const CustomerRevenue& a, const CustomerRevenue& b) {
    if (a.currency != b.currency) return to_text(a.currency) < to_text(b.currency);
    if (!(a.mrr == b.mrr)) return b.mrr < a.mrr;
    return a.external_id < b.external_id;
}

}  // namespace

std::vector<RevenueGroup> load_groups(sql::Transaction& tx, const FigureScope& scope) {
    const auto discounts = load_recurring_discounts(tx, scope.now, std::nullopt);
    static const std::string kText = with_revenue_terms(kGroupsNow);
    return groups_from(tx.all(kText, {scope.catalog, scope.now}), discounts);
}

std::vector<RevenueGroup> load_groups_at(sql::Transaction& tx, const FigureScope& scope,
                                         Instant then) {
    const auto discounts = load_recurring_discounts_at(tx, then);
    return groups_from(tx.all(kGroupsThen, {scope.catalog, then}), discounts);
}

std::vector<RecurringRevenue> load_revenue(sql::Transaction& tx, const FigureScope& scope) {
    return recurring_revenue(load_groups(tx, scope));
}

std::optional<Fraction> RevenueGrowth::rate() const {
    if (before.mrr.is_zero()) return std::nullopt;
    return (now.mrr - before.mrr) / before.mrr;
}

std::vector<RevenueGrowth> load_growth(sql::Transaction& tx, const FigureScope& scope) {
    const Period span{scope.now - kGrowthDays, scope.now};
    const auto before = recurring_revenue(load_groups_at(tx, scope, span.start));
    const auto now = load_revenue(tx, scope);
    std::map<std::string_view, Currency> currencies;
    for (const auto* side : {&before, &now})
        for (const auto& one : *side) currencies.emplace(to_text(one.currency), one.currency);
    std::vector<RevenueGrowth> growth;
    for (const auto& [code, currency] : currencies)
        growth.push_back({span, currency, revenue_in(before, currency), revenue_in(now, currency)});
    return growth;
}

std::optional<CustomerRevenue> load_customer_revenue(sql::Transaction& tx,
                                                     const CustomerId& customer, Instant now) {
    static const std::string kText = with_revenue_terms(kRevenueOfCustomer);
    const auto row = tx.one(kText, {customer, now});
    if (!row) return std::nullopt;
    return contribution_from(*row, load_recurring_discounts(tx, now, customer));
}

std::vector<CustomerRevenue> load_top_customers(sql::Transaction& tx, const FigureScope& scope,
                                                std::int64_t limit) {
    const auto discounts = load_recurring_discounts(tx, scope.now, std::nullopt);
    static const std::string kText = with_revenue_terms(kTopCustomers);
    std::vector<CustomerRevenue> candidates;
    for (const auto& row : tx.all(kText, {scope.catalog, scope.now, limit}))
        if (auto one = contribution_from(row, discounts)) candidates.push_back(*std::move(one));
    std::sort(candidates.begin(), candidates.end(), comes_before);
    std::map<Currency, std::int64_t> taken;
    std::vector<CustomerRevenue> top;
    for (auto& one : candidates)
        if (taken[one.currency]++ < limit) top.push_back(std::move(one));
    return top;
}

}  // namespace turnpike
