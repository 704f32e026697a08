#pragma once

#include <vector>

#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

std::vector<RecordedEvent> load_events(sql::Transaction& tx, const EventFilter& filter);

}  // namespace turnpike
