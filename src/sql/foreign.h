#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sql/sql.h"

namespace turnpike::sql {

/// A database of somebody else's, which is only read: no lock is taken, no setting of the file is
/// changed, and whoever uses it goes on.
class ForeignDatabase {
public:
    ForeignDatabase() = default;
    ForeignDatabase(const ForeignDatabase&) = delete;
    ForeignDatabase& operator=(const ForeignDatabase&) = delete;
    virtual ~ForeignDatabase() = default;

    /// \param name  "postgres://...", "postgresql://...", or the path of an SQLite file, which may
    ///              be written as "sqlite:PATH"
    /// Errors: InvalidArgument "database.bad_url"; Unavailable "database.unreachable", also for a
    ///         file that is missing or no database.
    static Result<std::unique_ptr<ForeignDatabase>> open(const std::string& name);

    /// "sqlite" or "postgres".
    [[nodiscard]] virtual std::string_view engine() const = 0;
    /// Runs `work`, which sees one moment of the database, and may run again from its beginning.
    /// Waits on the calling thread. Throws Failure.
    virtual void read(const std::function<void(Transaction&)>& work) = 0;
};

}  // namespace turnpike::sql
