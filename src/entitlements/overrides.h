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

/// What a customer is given, as far as what was said can be read so. At least one is there; the
/// feature's kind says which one is meant.
struct OverrideValue {
    std::optional<FeatureValue> of_feature;  ///< of a feature that is no meter
    std::optional<GivenAllowance> of_meter;
};

/// Gives the customer this value of a feature of its catalog, or this much of a meter, from now
/// until it expires. What it outlives is removed; what is for longer counts again afterwards. The
/// same again changes nothing.
///
/// \param expires_at  of the customer's time; absent: never
/// Errors: NotFound "entitlement.no_such_feature" (it is archived, too); InvalidArgument
/// "entitlement.wrong_value" (not of the feature's kind), "entitlement.expires_in_the_past";
/// Conflict "entitlement.too_many_overrides".
Result<void> put_override(sql::Transaction& tx, const OverrideOrder& order,
                          const OverrideValue& value, std::optional<Instant> expires_at,
                          IdSource& ids);

/// From now on the plan decides. Without an override nothing happens. What is archived is given
/// back, too.
///
/// Errors: NotFound "entitlement.no_such_feature".
Result<void> remove_overrides(sql::Transaction& tx, const OverrideOrder& order, IdSource& ids);

}  // namespace turnpike
