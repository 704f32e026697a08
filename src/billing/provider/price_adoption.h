#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "billing/provider/context.h"
#include "catalog/catalog.h"
#include "sql/sql.h"

namespace turnpike {

/// That price of the plan which costs what the provider's costs, in the same rhythm.
///
/// Errors: InvalidArgument "billing.price_unusable".
Result<PriceId> price_like(const PlanVersion& plan, const ProviderPrice& theirs);

/// What the ledger says to selling this version of a plan under a price that the seller has made at
/// the provider. Each version needs a price of its own there, because a subscription is known by
/// what it pays: plan versions with equal prices may still include different allowances.
///
/// \return true when the version is sold under it now; false when it may be
/// Errors: Conflict "billing.price_of_older_version" when it is what an earlier version of the plan
///         is sold under; InvalidArgument "billing.price_unusable" when another plan is.
Result<bool> is_sold_under(sql::Transaction& tx, const PlanVersion& plan, std::string_view provider,
                           const std::string& provider_price);

/// Sells the plan under a price that the seller has made at the provider: that one of its prices
/// which has been seen to cost the same in the same rhythm. Repeating it changes nothing.
///
/// Errors: those of is_sold_under; InvalidArgument "billing.price_unusable" when it is not there,
///         archived or differs from every price of the plan; Unavailable and OutcomeUnknown when
///         the provider cannot be asked now.
asio::awaitable<Result<std::monostate>> adopt_provider_price(BillingContext& billing,
                                                             PlanVersion plan,
                                                             std::string provider_price);

}  // namespace turnpike
