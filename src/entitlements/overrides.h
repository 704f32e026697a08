#pragma once

#include <optional>
#include <string>

#include "audit/audit.h"
#include "base/error.h"
#include "customers/customer.h"
#include "entitlements/standing.h"
#include "sql/sql.h"

namespace turnpike {

/// Overrides of one feature that wait behind each other, each for longer than the one before it.
inline constexpr std::size_t kOverridesMax = 20;

/// Whose right is changed, by whom and when.
struct OverrideOrder {
    Customer customer;
    std::string feature_key;
    Authority authority;
    Instant now;           ///< the system's, for the audit
    Instant customer_now;  ///< what the customer takes for now
};

/// Gives the customer this value of a feature of its catalog, from now until it expires. What it
/// outlives is removed; what is for longer counts again afterwards. The same again changes nothing.
///
/// \param expires_at  of the customer's time; absent: never
/// Errors: NotFound "entitlement.no_such_feature"; InvalidArgument "entitlement.wrong_value" (not
/// of the feature's kind), "entitlement.expires_in_the_past"; Conflict
/// "entitlement.too_many_overrides".
Result<void> put_override(sql::Transaction& tx, const OverrideOrder& order,
                          const FeatureValue& value, std::optional<Instant> expires_at,
                          IdSource& ids);

/// From now on the plan decides. Without an override nothing happens.
///
/// Errors: NotFound "entitlement.no_such_feature".
Result<void> remove_overrides(sql::Transaction& tx, const OverrideOrder& order, IdSource& ids);

}  // namespace turnpike
