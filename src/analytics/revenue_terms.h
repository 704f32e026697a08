#pragma once

#include <string>
#include <string_view>

namespace turnpike {

/// Writes out what statements about revenue have in common. They call the subscription `s`, and
/// $2 is now.
///
///   {customer_now}   what its customer takes for now: the time of the test clock that he is on
///   {counts_now}     it has a part in the MRR then (docs/metrics.md), if its price is not nothing
///   {is_discounted}  it has discounts, whichever they are: load_recurring_discounts() knows them
std::string with_revenue_terms(std::string_view sql);

}  // namespace turnpike
