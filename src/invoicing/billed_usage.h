#pragma once

#include <map>
#include <string>

#include "base/decimal.h"
#include "base/id.h"
#include "invoicing/invoice.h"
#include "sql/sql.h"

namespace turnpike {

/// What a line of overage bills, where that is one charge.
struct BilledUsage {
    Quantity quantity;
    UnitPrice unit_price;
    std::string unit;  ///< "call"
};
using BilledUsages = std::map<OverageChargeId, BilledUsage>;

/// Of the lines of one invoice. Charges that share a line have no quantity in common: they are left
/// out.
BilledUsages load_billed_usages(sql::Transaction& tx, const InvoiceId& invoice);

}  // namespace turnpike
