#include "analytics/revenue_terms.h"

#include <fmt/format.h>

namespace turnpike {
namespace {

constexpr std::string_view kCustomerNow = R"sql(COALESCE(
    (SELECT t.frozen_time FROM customers o JOIN test_clocks t ON t.id = o.test_clock_id
      WHERE o.id = s.customer_id), $2))sql";

// Few are paused or past due, and only theirs is looked up.
constexpr std::string_view kCountsNow = R"sql((
    s.ended_at IS NULL AND s.started_at IS NOT NULL AND s.status IN ('active', 'past_due')
    AND (s.pause_behavior IS NULL OR s.resumes_at <= {customer_now})
    AND (s.status = 'active' OR s.grace_ends_at IS NULL OR s.grace_ends_at > {customer_now})))sql";

constexpr std::string_view kIsDiscounted = R"sql(EXISTS (
    SELECT 1 FROM subscription_discounts d
     WHERE d.subscription_id = s.id AND d.to_number IS NULL))sql";

}  // namespace

std::string with_revenue_terms(std::string_view sql) {
    const auto customer_now = fmt::arg("customer_now", kCustomerNow);
    const std::string counts_now = fmt::format(fmt::runtime(kCountsNow), customer_now);
    return fmt::format(fmt::runtime(sql), customer_now, fmt::arg("counts_now", counts_now),
                       fmt::arg("is_discounted", kIsDiscounted));
}

}  // namespace turnpike
