#include "sql/postgres/postgres_database.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include "sql/postgres/pulse.h"
#include "sql/postgres/schedule.h"
#include "sql/postgres/worker.h"

namespace turnpike::sql {
namespace postgres {
namespace {

class PostgresDatabase final : public Database {
public:
    /// Connects once, to find out whether it can; the other connections come with the load. Throws
    /// Failure.
    explicit PostgresDatabase(const DatabaseConfig& config)
        : pulse_(config.url),
          schedule_(config.queue_max, std::max<std::size_t>(1, config.connections)) {
        const auto count = std::max<std::size_t>(1, config.connections);
        for (std::size_t i = 0; i < count; ++i)
            workers_.push_back(
                std::make_unique<Worker>(config.url, config.durability, schedule_, pulse_));
        workers_.front()->connect();
        for (const auto& worker : workers_)
            threads_.emplace_back([each = worker.get()] { each->run(); });
    }
    PostgresDatabase(const PostgresDatabase&) = delete;
    PostgresDatabase& operator=(const PostgresDatabase&) = delete;
    ~PostgresDatabase() override {
        schedule_.close();
        for (auto& thread : threads_) thread.join();
    }

    [[nodiscard]] std::string_view engine() const override { return "postgres"; }
    [[nodiscard]] std::size_t backlog() const override { return schedule_.size(); }
    void submit(Kind kind, Job job, Done done) override {
        if (pulse_.away()) return done(std::make_exception_ptr(Failure(Pulse::kAway, false)));
        Task task{std::move(job), std::move(done)};
        if (kind == Kind::Write)
            schedule_.push_write(std::move(task));
        else
            schedule_.push_read(std::move(task));
    }

private:
    Pulse pulse_;
    Schedule schedule_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::thread> threads_;
};

bool is_readable(const std::string& url) {
    char* complaint = nullptr;
    auto* options = PQconninfoParse(url.c_str(), &complaint);
    const bool readable = options != nullptr;
    PQconninfoFree(options);
    PQfreemem(complaint);  // it may quote the password
    return readable;
}

}  // namespace
}  // namespace postgres

Result<std::unique_ptr<Database>> open_postgres(const DatabaseConfig& config) {
    if (!postgres::is_readable(config.url))
        return invalid_argument("database.bad_url", "libpq cannot read the postgres:// URL");
    try {
        return std::make_unique<postgres::PostgresDatabase>(config);
    } catch (const Failure& failure) {
        return unavailable("database.unreachable", failure.what());
    }
}

}  // namespace turnpike::sql
