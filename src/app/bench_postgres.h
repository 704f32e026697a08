#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace turnpike {

/// What PostgreSQL does with the same events on two connections, each batch one transaction: COPY
/// to a staging table, INSERT .. ON CONFLICT DO NOTHING, and the counters' UPDATE under their
/// limits. The statements are written to files before; psql only sends them.
struct PostgresLoad {
    std::string url;        ///< a server whose user may create tables; they are dropped at the end
    std::string directory;  ///< for the files
    int batch = 1000;
    int customers = 1000;
};
/// Errors: Unavailable "process.failed", "data.unusable".
Result<std::int64_t> postgres_events_per_second(const PostgresLoad& load);

}  // namespace turnpike
