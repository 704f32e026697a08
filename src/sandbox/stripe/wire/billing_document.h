#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/wire/stripe_error.h"
#include "subscriptions/billing_period.h"

/// What Stripe's documents have in common, beyond sandbox/documents.h.
namespace turnpike::twin {

class Params;

/// {"object": "list", "data": .., "has_more": false, "total_count": n, "url": ..}
Json complete_list(std::string url, std::vector<Json> data);

/// The interval of a recurring price's document. `recurring` must be set.
BillingInterval interval_of(const Json& price);

/// Applies a metadata parameter (Params::metadata) to object["metadata"]: merges, deletes keys
/// with empty values, or clears all.
void merge_metadata(Json& object, const std::optional<Json>& change);

/// A subscription that is canceled or incomplete_expired.
bool is_ended(const Json& subscription);

/// days_until_due of an invoice; complains about what no calendar holds.
std::optional<std::int64_t> read_days_until_due(Params& params);

/// The smallest amount that Stripe charges in this currency; 50 for "usd".
std::int64_t minimum_charge(const std::string& currency);

}  // namespace turnpike::twin
