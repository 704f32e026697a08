#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/sql.h"

struct sqlite3;
struct sqlite3_stmt;

namespace turnpike::sql::sqlite {

/// What a connection is for; see Connection::open.
/// Foreign: of a file that is not ours, which must be there, is only read, and keeps its settings.
enum class Role : std::uint8_t { Writer, RelaxedWriter, Memory, Reader, Foreign };

/// One SQLite connection with its prepared statements. Used by one thread at a time.
class Connection {
public:
    /// Throws Failure when the file cannot be opened, is not a database, or cannot use WAL.
    Connection(const std::string& path, Role role);

    /// Runs a statement and returns its rows. Throws Failure or ConstraintViolation.
    std::vector<Row> query(std::string_view sql, std::span<const Value> parameters);
    /// Without rows or parameters: BEGIN, SAVEPOINT, PRAGMA x = y.
    void execute(std::string_view sql);
    /// Rows inserted, updated or deleted by the last query().
    [[nodiscard]] std::int64_t changes() const { return changes_; }

    /// False after SQLite rolled a transaction back on its own (disk full, I/O error, no memory).
    [[nodiscard]] bool in_transaction() const;
    /// True from a statement that the disk refused until a commit that wrote something. Of writers
    /// of a file; any thread may ask.
    [[nodiscard]] bool is_refused() const { return refused_; }
    /// Pages in the write-ahead log after the last commit of this connection.
    [[nodiscard]] int wal_pages() const { return wal_pages_; }

    /// Passive copies what readers allow and never waits; Restart waits for readers (up to the
    /// busy timeout) so that the log starts again at its beginning; Truncate also empties the file.
    enum class Checkpoint : std::uint8_t { Passive, Restart, Truncate };
    /// Best effort: what could not be copied stays safe in the log.
    void checkpoint(Checkpoint how);

    /// All pages, as this connection's transaction sees them, into a new database at `path`. Throws
    /// Failure.
    void copy_to(const std::string& path);

private:
    struct CloseConnection {
        void operator()(sqlite3* handle) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    void configure(Role role);
    sqlite3_stmt* prepare(std::string_view sql);
    void bind(sqlite3_stmt* statement, std::span<const Value> parameters, std::string_view sql);
    [[noreturn]] void fail(std::string_view sql);
    static int on_commit(void* connection, sqlite3* handle, const char* schema, int pages);

    std::unique_ptr<sqlite3, CloseConnection> handle_;
    std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
    std::int64_t changes_ = 0;
    int wal_pages_ = 0;
    std::atomic<bool> refused_ = false;
};

/// One job's view of a connection. After a statement has failed, the job cannot go on and cannot
/// commit, even if it caught the exception; PostgreSQL behaves the same.
class ConnectionTransaction final : public Transaction {
public:
    explicit ConnectionTransaction(Connection& connection) : connection_(connection) {}

    std::vector<Row> all(std::string_view sql, std::span<const Value> parameters) override;
    std::int64_t run(std::string_view sql, std::span<const Value> parameters) override;

    [[nodiscard]] bool failed() const { return failed_; }

private:
    Connection& connection_;
    bool failed_ = false;
};

}  // namespace turnpike::sql::sqlite
