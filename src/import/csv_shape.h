#pragma once

#include "base/error.h"
#include "base/time.h"
#include "import/foreign_customer.h"
#include "import/text_table.h"

namespace turnpike {

/// Files as read_csv() has read them; one that is not given has no columns.
struct CustomerFiles {
    TextTable customers;
    TextTable subscriptions;
};

/// What the lines of files of customers and subscriptions say; docs/import.md has their columns.
/// Who is named by a subscription alone is a customer too. Pure.
///
/// Errors: InvalidArgument "import.wrong_shape": no column "customer", or one that is not known (in
///         a file that was made for us it is a slip of the pen).
Result<ForeignLedger> read_customer_files(const CustomerFiles& files, Instant now);

}  // namespace turnpike
