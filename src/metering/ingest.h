#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "catalog/catalog.h"
#include "metering/customer_window.h"
#include "metering/sent_event.h"
#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// What became of a request's events, in their order.
struct IngestReport {
    std::vector<UsageOutcome> outcomes;
    std::vector<CustomerId> moved;  ///< customers whose counters moved, each once
};

/// One request's events and what is needed to place them. Holds references.
struct IngestJob {
    const std::vector<EventEntry>& entries;
    const Catalog& catalog;
    const FindWindow& find_window;
    Instant system_now;
};

/// Places each event (type -> meter, subject -> customer and period) and records those that fit.
/// Usage counts in the period that is running when it arrives, whatever its own time says: a
/// period that ended may be billed already.
///
/// An event is rejected with unknown_meter, unknown_customer, not_in_plan, missing_field,
/// limit_exceeded, or what complaint_about() says.
IngestReport ingest(const IngestJob& job, sql::Transaction& tx, IdSource& ids);

}  // namespace turnpike
