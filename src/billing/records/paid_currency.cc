#include "billing/records/paid_currency.h"

namespace turnpike {
namespace {

constexpr std::string_view kOtherCurrency = R"sql(
    SELECT p.currency
      FROM subscriptions s JOIN prices p ON p.id = s.price_id
     WHERE s.customer_id = $1 AND s.started_at IS NOT NULL
       AND p.currency <> (SELECT currency FROM prices WHERE id = $3)
       AND (s.provider = $2
            OR EXISTS (SELECT 1 FROM provider_moves m
                        WHERE m.subscription_id = s.id AND m.from_provider = $2
                          AND m.state = 'done'))
     LIMIT 1
)sql";

}  // namespace

Result<std::monostate> check_currency(sql::Transaction& tx, const CustomerId& customer,
                                      std::string_view provider, const PriceId& price) {
    const auto other = tx.one(kOtherCurrency, {customer, provider, price});
    if (!other) return std::monostate{};
    return conflict("subscription.currency_fixed", "the customer pays in " + other->text(0) +
                                                       "; a second currency needs another "
                                                       "customer");
}

}  // namespace turnpike
