#pragma once

#include "base/id.h"
#include "base/time.h"
#include "monitoring/finding.h"
#include "sql/sql.h"

namespace turnpike {

/// Tells the customer that his card will not be good at the next charge: once for each card and
/// expiry, however often it is called. Of other observations, and where the card has been replaced
/// meanwhile, nothing.
void write_card_letter(sql::Transaction& tx, const Observation& what, Instant now, IdSource& ids);

}  // namespace turnpike
