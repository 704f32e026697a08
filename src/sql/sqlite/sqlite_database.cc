#include "sql/sqlite/sqlite_database.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "sql/sqlite/connection.h"
#include "sql/sqlite/file_lock.h"
#include "sql/sqlite/group_writer.h"
#include "sql/task_queue.h"

namespace turnpike::sql {
namespace sqlite {
namespace {

constexpr auto kDiskRetry = std::chrono::seconds(1);
/// Longer than a client takes from one answer to its next request.
constexpr auto kPause = std::chrono::milliseconds(10);
constexpr int kOldestSqlite = 3'035'000;  // the first with RETURNING

/// A private database without a file: one connection, one thread, reads and writes in one queue.
class MemoryDatabase final : public Database {
public:
    explicit MemoryDatabase(const DatabaseConfig& config)
        : connection_(":memory:", Role::Memory), tasks_(config.queue_max), thread_([this] {
              GroupWriter writer(connection_, tasks_);
              while (auto task = tasks_.pop()) writer.run(*std::move(task));
          }) {}
    MemoryDatabase(const MemoryDatabase&) = delete;
    MemoryDatabase& operator=(const MemoryDatabase&) = delete;
    ~MemoryDatabase() override {
        tasks_.close();
        thread_.join();
    }

    [[nodiscard]] std::string_view engine() const override { return "sqlite"; }
    [[nodiscard]] std::size_t backlog() const override { return tasks_.size(); }

    void submit(Kind kind, Job job, Done done) override {
        if (kind == Kind::Read) job = refusing_writes(std::move(job));
        tasks_.push({std::move(job), std::move(done)});
    }

private:
    struct WritesRefused {
        explicit WritesRefused(Connection& on) : connection(on) {
            connection.execute("PRAGMA query_only = ON");
        }
        WritesRefused(const WritesRefused&) = delete;
        WritesRefused& operator=(const WritesRefused&) = delete;
        ~WritesRefused() { connection.execute("PRAGMA query_only = OFF"); }
        Connection& connection;
    };
    Job refusing_writes(Job job) {
        return [this, job = std::move(job)](Transaction& tx) {
            const WritesRefused guard(connection_);
            return job(tx);
        };
    }

    Connection connection_;
    TaskQueue tasks_;
    std::thread thread_;
};

/// A reader sees the state of its first statement until its job ends.
void read_once(Connection& connection, Task task) {
    std::exception_ptr error;
    try {
        connection.execute("BEGIN");
        error = attempt(task.job, connection).error;
        if (connection.in_transaction()) connection.execute("ROLLBACK");
    } catch (const Failure&) {
        if (!error) error = std::current_exception();
    }
    task.done(std::move(error));
}

class FileDatabase final : public Database {
public:
    FileDatabase(const std::string& path, const DatabaseConfig& config, FileLock lock)
        : lock_(std::move(lock)),
          writer_(path, config.durability == Durability::Full ? Role::Writer : Role::RelaxedWriter),
          writes_(config.queue_max),
          reads_(config.queue_max) {
        const auto readers = std::max<std::size_t>(1, config.readers);
        for (std::size_t i = 0; i < readers; ++i)
            readers_.push_back(std::make_unique<Connection>(path, Role::Reader));
        threads_.emplace_back([this] { write_loop(); });
        for (const auto& reader : readers_)
            threads_.emplace_back([this, connection = reader.get()] {
                while (auto task = reads_.pop()) read_once(*connection, *std::move(task));
            });
    }
    FileDatabase(const FileDatabase&) = delete;
    FileDatabase& operator=(const FileDatabase&) = delete;
    ~FileDatabase() override {
        writes_.close();
        reads_.close();
        for (auto& thread : threads_) thread.join();
        readers_.clear();  // an open reader would keep part of the log from being copied
        writer_.checkpoint(Connection::Checkpoint::Truncate);
    }

    [[nodiscard]] std::string_view engine() const override { return "sqlite"; }
    [[nodiscard]] std::size_t backlog() const override { return writes_.size() + reads_.size(); }
    [[nodiscard]] bool refuses_writes() const override { return writer_.is_refused(); }

    void submit(Kind kind, Job job, Done done) override {
        auto& queue = kind == Kind::Write ? writes_ : reads_;
        queue.push({std::move(job), std::move(done)});
    }

private:
    void write_loop() {
        GroupWriter writer(writer_, writes_);
        for (;;) {
            // Whoever stays away for as long as writes are refused would not bring the next one.
            while (writer_.is_refused() && !writes_.wait_for(kDiskRetry)) writer.try_disk();
            if (writer.wants_checkpoint() && !writes_.wait_for(kPause)) writer.checkpoint();
            auto task = writes_.pop();
            if (!task) return;
            writer.run(*std::move(task));
        }
    }

    FileLock lock_;  // released last
    Connection writer_;
    std::vector<std::unique_ptr<Connection>> readers_;
    TaskQueue writes_;
    TaskQueue reads_;
    std::vector<std::thread> threads_;
};

/// The ledger holds personal data: a new file is for its owner only. SQLite gives its log the same
/// rights.
Result<std::string> create_private(const std::string& path) {
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical(path, error);
    const int descriptor = error ? -1 : ::open(real.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        const auto why = error ? error.message() : std::generic_category().message(errno);
        return unavailable("database.unreachable", fmt::format("cannot open {}: {}", path, why));
    }
    ::close(descriptor);
    return real.string();
}

Result<std::unique_ptr<Database>> open_file(const DatabaseConfig& config, const std::string& path) {
    const auto real = create_private(path);
    if (!real) return failure(real);
    auto lock = FileLock::take(*real);
    if (!lock) return failure(lock);
    return std::make_unique<FileDatabase>(*real, config, *std::move(lock));
}

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Database>> open_sqlite(const DatabaseConfig& config) {
    const auto path = config.url.substr(std::string_view("sqlite:").size());
    if (path.empty())
        return invalid_argument("database.bad_url", "sqlite: is followed by the path of a file");
    if (sqlite3_libversion_number() < sqlite::kOldestSqlite)
        return unavailable("database.unreachable",
                           fmt::format("SQLite {} is too old", sqlite3_libversion()));
    try {
        if (path == ":memory:") return std::make_unique<sqlite::MemoryDatabase>(config);
        return sqlite::open_file(config, path);
    } catch (const Failure& failure) {
        return unavailable("database.unreachable", failure.what());
    }
}

}  // namespace turnpike::sql
