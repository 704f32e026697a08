#pragma once

#include "billing/provider/contexts.h"
#include "import/foreign_customer.h"
#include "import/report.h"

namespace turnpike {

/// What the source of a usage event of an import is called, and the event itself: the same for the
/// same count, however often it is imported.
inline constexpr const char* kImportSource = "import";
std::string usage_event_id(const ForeignCustomer& customer, const ForeignUsage& usage);

/// The customer's counts as usage events of now, which lies in the period that each is of. What was
/// recorded before is not recorded again; a count that has moved since is refused, and the first
/// one stays.
///
/// \param id  nullopt: nothing is written, only looked for
/// Errors: those of UsageStore.
asio::awaitable<Result<Tally>> take_usage(BillingContexts& billing, ForeignCustomer& customer,
                                          std::optional<CustomerId> id);

}  // namespace turnpike
