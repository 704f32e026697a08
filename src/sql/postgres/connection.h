#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/database.h"
#include "sql/postgres/pulse.h"

struct pg_conn;
struct pg_result;

namespace turnpike::sql::postgres {

/// The server has undone the transaction, or never began it, for a reason that may pass: nothing
/// happened, and the whole transaction can run again.
class Passing : public Failure {
public:
    enum class Why : std::uint8_t {
        Conflict,  ///< serialization failure or deadlock: another transaction was first
        Stale,     ///< our prepared statements do not fit the server's schema any more
        Lost,      ///< no connection, or not yet
    };
    Passing(Why why, const std::string& what) : Failure(what, false), why_(why) {}
    [[nodiscard]] Why why() const { return why_; }

private:
    Why why_;
};

/// One libpq connection with its prepared statements. Used by one thread at a time.
///
/// It waits for an answer as long as `pulse` says that somebody is there, 35 s at most (a statement
/// that the server itself would have stopped). After that it is broken, and what it asked for is a
/// plain Failure: the server undoes what was not committed.
class Connection {
public:
    /// Connects within 2 s per host unless the URL says otherwise. `pulse` must outlive it. Throws
    /// Passing (Lost) when it cannot, and Failure when the server is too old.
    Connection(const std::string& url, Durability durability, Pulse& pulse);

    /// A job that lifts the server's limit for its statements (SET LOCAL statement_timeout) lifts
    /// the 35 s with it. Throws Passing, ConstraintViolation or Failure.
    std::vector<Row> query(std::string_view sql, std::span<const Value> parameters);
    /// Rows inserted, updated or deleted by the last query().
    [[nodiscard]] std::int64_t changes() const { return changes_; }
    /// Statements without parameters or rows, joined by ';', in one round trip.
    void execute(const char* statements);
    /// Throws Failure with outcome_unknown when the connection breaks before the answer.
    void commit();

    /// False once the connection is broken; nothing but destroying it helps then.
    [[nodiscard]] bool usable() const;
    [[nodiscard]] bool in_transaction() const;
    void forget_statements();

private:
    struct Finish {
        void operator()(pg_conn* connection) const;
    };
    struct Clear {
        void operator()(pg_result* result) const;
    };
    using Reply = std::unique_ptr<pg_result, Clear>;

    void configure(Durability durability);
    /// What came of something sent (`sent` as libpq says it); null when no answer came.
    Reply answer(int sent);
    bool flush();
    bool receive();
    /// False when the server is not worth waiting for any more: the connection is broken then.
    bool wait(short events);
    Reply send(std::string_view sql, std::span<const Value> parameters);
    const std::string& prepare(std::string_view sql, std::span<const Value> parameters);
    void require_success(const Reply& reply, std::string_view sql) const;
    [[noreturn]] void fail(const Reply& reply, std::string_view sql) const;

    Pulse& pulse_;
    std::unique_ptr<pg_conn, Finish> handle_;
    bool given_up_ = false;
    bool unhurried_ = false;
    /// By text and the types of the parameters; the value is the statement's name on the server.
    std::unordered_map<std::string, std::string> statements_;
    std::uint64_t statements_made_ = 0;
    std::int64_t changes_ = 0;
};

/// One job's view of a connection. After a statement has failed, the job cannot go on and cannot
/// commit, even if it caught the exception.
class ConnectionTransaction final : public Transaction {
public:
    explicit ConnectionTransaction(Connection& connection) : connection_(connection) {}

    std::vector<Row> all(std::string_view sql, std::span<const Value> parameters) override;
    std::int64_t run(std::string_view sql, std::span<const Value> parameters) override;

    /// What the first failed statement threw; null when none failed.
    [[nodiscard]] const std::exception_ptr& failed() const { return failed_; }

protected:
    /// At REPEATABLE READ a transaction that inserts under a unique key sees its own row and, from
    /// its beginning, the one that another transaction has deleted since. The server calls that no
    /// conflict; for us it is one, and the transaction starts over.
    /// https://www.postgresql.org/docs/15/transaction-iso.html#XACT-REPEATABLE-READ
    void refuse_second_row(std::string_view sql) override;

private:
    Connection& connection_;
    std::exception_ptr failed_;
};

}  // namespace turnpike::sql::postgres
