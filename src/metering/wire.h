#pragma once

#include "json/json.h"
#include "metering/ingest.h"
#include "metering/service.h"

namespace turnpike {

/// {"accepted":n,"duplicates":[{"index"}],"conflicts":[..],"rejected":[{"index","code","detail"}],
///  "verdicts":["accepted",...]}
Json write_report(const IngestReport& report);

Json write_event(const RecordedEvent& recorded);

}  // namespace turnpike
