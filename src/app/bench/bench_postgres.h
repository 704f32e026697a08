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
Result<std::uint64_t> postgres_events_per_second(const PostgresLoad& load);

/// How often PostgreSQL takes one unit of one customer's hard limit, each time by an UPDATE under
/// that limit and a transaction of its own, prepared, on connections of pgbench that never wait for
/// one another's answers. Nothing else is recorded, which favours it.
struct PostgresGrants {
    std::string url;        ///< as of PostgresLoad
    std::string directory;  ///< for the script
    int connections = 64;
    int seconds = 5;
};
/// Errors: Unavailable "process.failed", "data.unusable".
Result<std::uint64_t> postgres_grants_per_second(const PostgresGrants& load);

}  // namespace turnpike
