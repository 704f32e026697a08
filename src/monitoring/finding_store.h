#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/cursor.h"
#include "json/json.h"
#include "monitoring/finding.h"
#include "sql/sql.h"

namespace turnpike {

std::vector<Finding> load_open_findings(sql::Transaction& tx, FindingKind kind);

struct SettledCount {
    std::int64_t opened = 0;
    std::int64_t closed = 0;
};
/// Writes a settlement down. What comes back with the same period is the same row again, and nobody
/// is told twice; of two nodes that see the same, one opens it. Everything that is opened for the
/// first time, and everything that is over, is told to the outbox ("finding.opened").
SettledCount apply_settlement(sql::Transaction& tx, const Settlement& settlement, Instant now,
                              IdSource& ids);

/// One that was over when it was noticed: what has been mended already. Told like one that opens.
void record_mended(sql::Transaction& tx, const Observation& what, Instant now, IdSource& ids);

struct FindingQuery {
    enum class State : std::uint8_t { Open, Closed, All };
    std::optional<FindingKind> kind{};
    State state = State::Open;
    std::string catalog{}, subscription{}, customer{};  ///< "": all
    PageQuery page{};
};
/// Newest first; page.fetch() at most.
std::vector<Finding> list_findings(sql::Transaction& tx, const FindingQuery& query);

/// How many are open, of each kind that has any. catalog "": of all.
OpenFindings count_open_findings(sql::Transaction& tx, const std::string& catalog);

/// What continues a page: pass it as PageQuery::after.
PageMark mark_of(const Finding& finding);

/// {"id": "fnd_..", "object": "finding", ...}
Json write_finding(const Finding& finding);

}  // namespace turnpike
