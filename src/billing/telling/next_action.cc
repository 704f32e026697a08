#include "billing/telling/next_action.h"

#include <string_view>

namespace turnpike {
namespace {

constexpr std::string_view kOpenInvoicePage = R"sql(
    SELECT hosted_url FROM invoices
     WHERE subscription_id = $1 AND status = 'open' AND hosted_url IS NOT NULL
     ORDER BY created_at DESC, id DESC
     LIMIT 1
)sql";

/// What the provider has paused goes on when the invoice of its resumption is paid; what is paused
/// only in that nothing is collected has another status there.
bool waits_for_payment(SubscriptionStatus status) {
    return status == SubscriptionStatus::Incomplete || status == SubscriptionStatus::PastDue ||
           status == SubscriptionStatus::Unpaid || status == SubscriptionStatus::Paused;
}

}  // namespace

std::optional<std::string> payment_page_of(sql::Transaction& tx, const Subscription& subscription) {
    if (!waits_for_payment(subscription.status)) return std::nullopt;
    const auto row = tx.one(kOpenInvoicePage, {subscription.id});
    if (!row) return std::nullopt;
    return row->text(0);
}

}  // namespace turnpike
