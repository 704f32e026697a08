#pragma once

#include "invoicing/invoice.h"
#include "sql/sql.h"

namespace turnpike {

/// A subscription that moves to another provider has paid its running period at the former one.
/// The new one bills nothing until then, and some say "Free trial" of it. Here such a line names
/// what it is, "PRO, paid until 1 May 2026 at Razorpay"; the mirror keeps the provider's words.
/// A trial that has moved stays one. With its lines.
void name_carried_time(sql::Transaction& tx, Invoice& invoice);

}  // namespace turnpike
