#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "monitoring/finding.h"
#include "sql/sql.h"

namespace turnpike {

/// One fact on which the ledger and a provider disagreed.
struct Drift {
    std::string object;  ///< the provider's id
    std::string field;
    std::string ledger, provider;
    bool repaired = false;
};

/// Keeps the findings of one provider's drift as a whole comparison has found it: what is not
/// mended is open, what is found no more is over, what was mended is told and over at once.
void record_drift(sql::Transaction& tx, std::string_view provider, const std::vector<Drift>& found,
                  Instant now, IdSource& ids);

}  // namespace turnpike
