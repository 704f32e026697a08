#include "sql/sqlite/database_copy.h"

#include "sql/sqlite/connection.h"

namespace turnpike::sql::sqlite {

Result<std::monostate> copy_database(
    const std::string& from, const std::string& to,
    const std::function<Result<std::monostate>()>& at_that_moment) {
    try {
        Connection connection(from, Role::Reader);
        connection.execute("BEGIN");
        // A transaction sees the state of its first statement.
        connection.query("SELECT COUNT(*) FROM sqlite_schema", {});
        const auto noted = at_that_moment();
        if (!noted) return failure(noted);
        connection.copy_to(to);
        connection.execute("ROLLBACK");
        return std::monostate{};
    } catch (const Failure& failure) {
        return unavailable("database.unreachable", failure.what());
    }
}

}  // namespace turnpike::sql::sqlite
