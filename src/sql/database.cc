#include "sql/database.h"

#include <condition_variable>
#include <mutex>
#include <string_view>

#include "sql/postgres/postgres_database.h"
#include "sql/sqlite/sqlite_database.h"

namespace turnpike::sql {

Result<std::unique_ptr<Database>> Database::open(const DatabaseConfig& config) {
    const std::string_view url = config.url;
    if (url.starts_with("sqlite:")) return open_sqlite(config);
    if (url.starts_with("postgres://") || url.starts_with("postgresql://"))
        return open_postgres(config);
    // The text itself may hold a password, so it is not repeated.
    return invalid_argument("database.bad_url",
                            "a database URL begins with sqlite:, postgres:// or postgresql://");
}

void Database::submit_and_wait(Kind kind, Job job) {
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;
    std::exception_ptr failure;
    submit(kind, std::move(job), [&](std::exception_ptr error) {
        // Notified under the lock: the waiter may not leave, and take these away, before.
        const std::lock_guard lock(mutex);
        failure = std::move(error);
        ended = true;
        changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ended; });
    if (failure) std::rethrow_exception(std::move(failure));
}

}  // namespace turnpike::sql
