#include "analytics/standing_discounts.h"

#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kDiscountsNow = R"sql(
    SELECT d.subscription_id, d.provider_discount_id, d.duration, d.percent_scaled,
           d.amount_minor, d.currency
      FROM subscription_discounts d
      JOIN subscriptions s ON s.id = d.subscription_id
      JOIN customers o ON o.id = s.customer_id
      LEFT JOIN test_clocks t ON t.id = o.test_clock_id
     WHERE d.to_number IS NULL AND d.duration IN ('repeating', 'forever') AND s.ended_at IS NULL
       AND (d.starts_at IS NULL OR d.starts_at <= COALESCE(t.frozen_time, $1))
       AND (d.ends_at IS NULL OR d.ends_at > COALESCE(t.frozen_time, $1))
       AND ($2 = '' OR s.customer_id = $2)
     ORDER BY d.subscription_id, d.position
)sql";

constexpr std::string_view kDiscountsThen = R"sql(
    SELECT d.subscription_id, d.provider_discount_id, d.duration, d.percent_scaled,
           d.amount_minor, d.currency
      FROM subscription_discounts d
      JOIN subscriptions s ON s.id = d.subscription_id
      JOIN subscription_events e ON e.subscription_id = s.id
       AND e.number = (SELECT l.number FROM subscription_events l
                        WHERE l.subscription_id = s.id AND l.at <= $1
                        ORDER BY l.number DESC LIMIT 1)
     WHERE s.started_at <= $1 AND (s.ended_at IS NULL OR s.ended_at > $1)
       AND d.duration IN ('repeating', 'forever')
       AND (d.starts_at IS NULL OR d.starts_at <= $1) AND (d.ends_at IS NULL OR d.ends_at > $1)
       AND d.from_number <= e.number AND (d.to_number IS NULL OR d.to_number > e.number)
     ORDER BY d.subscription_id, d.position
)sql";

Discount recurring_from(const sql::Row& row) {
    Discount discount{.provider_id = row.text(1),
                      .duration = known_word(parse_discount_duration(row.text(2)))};
    if (!row.is_null(3)) discount.percent = DiscountPercent::from_scaled(row.integer(3));
    if (!row.is_null(4))
        discount.amount = Money(row.integer(4), known_word(parse_currency(row.text(5))));
    return discount;
}

RecurringDiscounts by_subscription(const std::vector<sql::Row>& rows) {
    RecurringDiscounts discounts;
    for (const auto& row : rows) discounts[row.text(0)].push_back(recurring_from(row));
    return discounts;
}

}  // namespace

RecurringDiscounts load_recurring_discounts(sql::Transaction& tx, Instant now,
                                            const std::optional<CustomerId>& customer) {
    return by_subscription(tx.all(kDiscountsNow, {now, customer ? customer->text() : ""}));
}

RecurringDiscounts load_recurring_discounts_at(sql::Transaction& tx, Instant then) {
    return by_subscription(tx.all(kDiscountsThen, {then}));
}

std::vector<Discount> discounts_in(const RecurringDiscounts& all, const std::string& subscription) {
    const auto found = all.find(subscription);
    return found == all.end() ? std::vector<Discount>() : found->second;
}

}  // namespace turnpike
