#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/time.h"
#include "http/metrics.h"
#include "sql/database.h"

namespace turnpike {

/// Counts what the ledger keeps and says whether it answers and takes writes. While it does not
/// answer, the totals stay as they were. Never throws.
boost::asio::awaitable<void> sample_ledger(sql::Database& db, const Clock& clock,
                                           http::Metrics& metrics);

}  // namespace turnpike
