#pragma once

#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "import/foreign_customer.h"
#include "import/text_table.h"

namespace turnpike {

/// The tables of a database of the attribution shape (docs/import.md), as far as they are there.
struct AttributionTables {
    TextTable subscriptions;
    TextTable usage;      ///< without columns: there is none
    TextTable customers;  ///< likewise
};

/// Which columns a table must have, at least one of each list, to be read as what it is.
///
/// Errors: InvalidArgument "import.wrong_shape", naming the table and every column that is missing.
Result<std::monostate> check_attribution_shape(const AttributionTables& tables);

/// What its rows say, in our words. Customers are called by their receipt, as clients of the
/// interface call them, where there is one; it may be in their own table only. Rows without a
/// provider are Razorpay's: that was the only one when they were written. Of usage, what ended
/// before `now` stays where it is: the old system has billed it. Pure.
///
/// \param tables   check_attribution_shape() has passed
/// \param catalog  key of the catalog that the customers buy from
ForeignLedger read_attribution(AttributionTables tables, const std::string& catalog, Instant now);

}  // namespace turnpike
