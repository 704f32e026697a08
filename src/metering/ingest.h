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

/// Each event is placed, or rejected with what Placement::place() complains of. What `job` refers
/// to must outlive what is returned.
AppendJob append_job(const IngestJob& job);

}  // namespace turnpike
