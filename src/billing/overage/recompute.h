#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "metering/service.h"
#include "sql/database.h"

namespace turnpike {

/// Which charges are rated again.
struct RecomputeOrder {
    std::optional<InvoiceId> invoice{};  ///< those on it; absent: all
    Instant since = Instant::min();      ///< that were frozen then or later
};

/// What is kept, and what the events say.
struct RecomputeDifference {
    std::string object;  ///< "sub_01.. api_calls 2027-03-01T00:00:00Z", "il_01.."
    std::string field, stored, recomputed;
};
struct RecomputeReport {
    std::int64_t charges = 0;  ///< that were rated again
    std::int64_t entries = 0;  ///< events and corrections behind them
    std::vector<RecomputeDifference> differences;
};
using RecomputeProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Reads the events behind charges again, counts and rates them anew, and holds digest, usage and
/// lines against what was frozen and what is on invoices. Changes nothing.
///
/// Errors: NotFound "invoice.not_found"; those of UsageStore::read_history.
asio::awaitable<Result<RecomputeReport>> recompute(sql::Database& db, UsageStore& usage,
                                                   RecomputeOrder order,
                                                   const RecomputeProgress& progress);

}  // namespace turnpike
