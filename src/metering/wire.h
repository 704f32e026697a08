#pragma once

#include <cstdint>

#include "json/json.h"
#include "metering/service.h"

namespace turnpike {

/// {"accepted":n,"duplicates":[{"index"}],"conflicts":[..],"rejected":[{"index","code","detail"}],
///  "verdicts":["accepted",...]}
Json write_report(const AppendReport& report);

/// One event that was not accepted: {position_name: position, "code", "detail"}; a duplicate has
/// its position only.
Json write_outcome(const char* position_name, std::uint64_t position, const UsageOutcome& outcome);

Json write_event(const RecordedEvent& recorded);

}  // namespace turnpike
