#pragma once

#include <vector>

#include "catalog/catalog.h"
#include "metering/customer_window.h"
#include "metering/sent_event.h"
#include "metering/service.h"

namespace turnpike {

/// One request's events and what is needed to place them. Holds references.
struct IngestJob {
    const std::vector<EventEntry>& entries;
    const Catalog& catalog;
    WindowLook look;
    Instant system_now;
};

/// How each event is placed (type -> meter, subject -> customer and period). Usage counts in the
/// period that is running when it arrives, whatever its own time says: a period that ended may be
/// billed already.
///
/// An event is rejected with unknown_meter, unknown_customer, not_in_plan, missing_field, or what
/// complaint_about() says. What `job` refers to must outlive what is returned.
AppendJob append_job(const IngestJob& job);

}  // namespace turnpike
