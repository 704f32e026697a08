#pragma once

#include <optional>
#include <vector>

#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

std::vector<RecordedEvent> load_events(sql::Transaction& tx, const EventFilter& filter);
/// nullopt: no event has this id.
std::optional<FollowedEvent> load_followed_event(sql::Transaction& tx, const UsageEventId& id);

}  // namespace turnpike
