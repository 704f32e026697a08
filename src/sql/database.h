#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "sql/sql.h"

namespace turnpike::sql {

namespace asio = boost::asio;

/// Relaxed survives a crash of the process but not of the machine; the sandbox uses it.
enum class Durability : bool { Full, Relaxed };

struct DatabaseConfig {
    /// "sqlite:PATH", "sqlite::memory:" (tests), or "postgres://..." / "postgresql://...".
    std::string url;
    Durability durability = Durability::Full;
    std::size_t readers = 2;         ///< SQLite: reader threads
    std::size_t connections = 8;     ///< PostgreSQL: connections, one thread each
    std::size_t queue_max = 10'000;  ///< waiting jobs; above it write/read fail fast
};

/// What a job may ask of the writer: true commits, false rolls this job's work back.
using Job = std::function<bool(Transaction&)>;
/// Called once per job, after its commit (null) or with what went wrong.
using Done = std::move_only_function<void(std::exception_ptr)>;

/// Runs plain functions inside transactions on database threads.
///
/// SQLite: one writer thread that groups waiting jobs into one commit (each job under a savepoint,
/// so that one failing job does not touch its neighbours), WAL, synchronous=FULL, checkpoints only
/// from the writer, readers on connections of their own. PostgreSQL: a pool; REPEATABLE READ; the
/// whole job runs again after a serialization failure or deadlock (so a job must not have effects
/// outside the transaction). In both, a job's result is handed out only after its commit is
/// durable.
///
/// The job may return any type. When it returns a Result that holds an error, the job is rolled
/// back. Exceptions roll back and come out of write()/read().
///
/// Thread-safe. Destroy it after everything that uses it has ended; the destructor finishes queued
/// work first.
class Database {
public:
    virtual ~Database() = default;

    /// Opens, checks the version, and starts the threads. Does not migrate.
    /// Errors: InvalidArgument "database.bad_url"; Unavailable "database.unreachable"; Conflict
    /// "database.in_use" when another process has the SQLite file.
    static Result<std::unique_ptr<Database>> open(const DatabaseConfig& config);

    /// Fails with a Failure("database queue is full") when queue_max jobs wait, and at once while a
    /// PostgreSQL server is known to be away.
    template <class Work>
    asio::awaitable<std::invoke_result_t<Work&, Transaction&>> write(Work work) {
        return hop<Work>(std::move(work), Kind::Write);
    }
    template <class Work>
    asio::awaitable<std::invoke_result_t<Work&, Transaction&>> read(Work work) {
        return hop<Work>(std::move(work), Kind::Read);
    }
    /// For commands, jobs and tests: waits on the calling thread. Never from an io_context thread.
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> write_blocking(Work work) {
        return wait<Work>(std::move(work), Kind::Write);
    }
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> read_blocking(Work work) {
        return wait<Work>(std::move(work), Kind::Read);
    }

    /// "sqlite" or "postgres".
    [[nodiscard]] virtual std::string_view engine() const = 0;
    /// Jobs waiting now; for metrics and shedding.
    [[nodiscard]] virtual std::size_t backlog() const = 0;
    /// True from a write that the disk refused, being full or broken, until one works again; what
    /// is there can be read meanwhile. Of SQLite's file; a PostgreSQL server knows its own disk.
    [[nodiscard]] virtual bool refuses_writes() const { return false; }

    enum class Kind : bool { Read, Write };
    /// What read() and write() stand on; for engines and for tests that wrap a Database. Calls
    /// `done` once: on a database thread, or on the caller's when the queue is full or the server
    /// is known to be away. `job` may run more than once.
    virtual void submit(Kind kind, Job job, Done done) = 0;

private:
    template <class Work>
    asio::awaitable<std::invoke_result_t<Work&, Transaction&>> hop(Work work, Kind kind);
    template <class Work>
    std::invoke_result_t<Work&, Transaction&> wait(Work work, Kind kind);
    void submit_and_wait(Kind kind, Job job);

    /// Errors as values roll back; everything else commits.
    template <class T>
    static bool wants_commit(const T& result) {
        if constexpr (requires {
                          result.has_value();
                          result.error();
                      })
            return result.has_value();
        else
            return true;
    }
};

template <class Work>
asio::awaitable<std::invoke_result_t<Work&, Transaction&>> Database::hop(Work work, Kind kind) {
    using T = std::invoke_result_t<Work&, Transaction&>;
    static_assert(!std::is_void_v<T>, "a job returns what it found or did");
    std::optional<T> result;
    Job job = [&](Transaction& tx) {
        result.emplace(work(tx));
        return wants_commit(*result);
    };
    // Tracked, so that the io_context does not run out of work while the database thread has it.
    const auto executor =
        asio::prefer(co_await asio::this_coro::executor, asio::execution::outstanding_work.tracked);
    auto start = [&](auto handler) {
        submit(kind, std::move(job),
               [executor, handler = std::move(handler)](std::exception_ptr error) mutable {
                   auto resume = [handler = std::move(handler),
                                  error = std::move(error)]() mutable {
                       std::move(handler)(std::move(error));
                   };
                   asio::post(executor, std::move(resume));
               });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr)>(
        std::move(start), asio::use_awaitable);
    co_return *std::move(result);
}

template <class Work>
std::invoke_result_t<Work&, Transaction&> Database::wait(Work work, Kind kind) {
    using T = std::invoke_result_t<Work&, Transaction&>;
    static_assert(!std::is_void_v<T>, "a job returns what it found or did");
    std::optional<T> result;
    submit_and_wait(kind, [&](Transaction& tx) {
        result.emplace(work(tx));
        return wants_commit(*result);
    });
    return *std::move(result);
}

}  // namespace turnpike::sql
