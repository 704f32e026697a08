#include "sql/sqlite/group_writer.h"

#include <chrono>
#include <optional>
#include <utility>

namespace turnpike::sql::sqlite {
namespace {

constexpr std::size_t kGroupMax = 256;
/// The first of a group waits for the last, so slow jobs must not add up.
constexpr auto kGroupTime = std::chrono::milliseconds(20);

/// Of 4 KiB: the log is copied into the database every 4 MiB if the writers make a pause, every
/// 16 MiB if they do not, and started again at its beginning by force when readers have kept it
/// growing to 64 MiB.
constexpr int kWantedPages = 1024;
constexpr int kDuePages = 4096;
constexpr int kRestartPages = 16'384;

}  // namespace

Attempt attempt(const Job& job, Connection& connection) {
    ConnectionTransaction transaction(connection);
    try {
        const bool commit = job(transaction);
        if (!transaction.failed()) return {commit, nullptr};
        throw Failure("a statement of this transaction failed and the job went on", false);
    } catch (...) {
        return {false, std::current_exception()};
    }
}

void GroupWriter::run(Task first) {
    std::exception_ptr failure;
    try {
        collect(std::move(first));
        if (connection_.in_transaction()) connection_.execute("COMMIT");
    } catch (const Failure&) {
        failure = std::current_exception();
        abandon();
    }
    answer(failure);
    if (pages_to_copy() >= kDuePages) checkpoint();
}

void GroupWriter::try_disk() noexcept {
    try {
        connection_.execute("BEGIN IMMEDIATE");
        connection_.execute("PRAGMA user_version = 0");  // what it is: migrations have a table
        connection_.execute("COMMIT");
    } catch (const Failure&) {
        abandon();
    }
}

void GroupWriter::collect(Task first) {
    const auto started = std::chrono::steady_clock::now();
    std::optional<Task> next(std::move(first));
    while (next) {
        run_task(*std::move(next));
        if (!connection_.in_transaction()) return;
        if (group_.size() >= kGroupMax) return;
        if (std::chrono::steady_clock::now() - started >= kGroupTime) return;
        next = queue_.try_pop();
    }
}

void GroupWriter::run_task(Task task) {
    // In the group from here on, so that it is answered whatever throws below.
    group_.push_back({std::move(task.done), nullptr});
    const bool first = group_.size() == 1;
    connection_.execute(first ? "BEGIN IMMEDIATE" : "SAVEPOINT job");

    auto ended = attempt(task.job, connection_);
    group_.back().error = std::move(ended.error);
    if (!connection_.in_transaction())
        throw Failure("sqlite rolled back the transactions that shared a commit", false);
    if (!ended.commit)
        roll_back_task();
    else if (!first)
        connection_.execute("RELEASE job");
}

void GroupWriter::roll_back_task() {
    if (group_.size() == 1) {
        connection_.execute("ROLLBACK");
        return;
    }
    connection_.execute("ROLLBACK TO job");
    connection_.execute("RELEASE job");
}

void GroupWriter::abandon() noexcept {
    try {
        if (connection_.in_transaction()) connection_.execute("ROLLBACK");
    } catch (const Failure&) {
        // The next BEGIN fails as well then, and says so to its caller.
        return;
    }
}

/// A job's own exception says more than the group's. A job that only wanted no commit is told of
/// the group's failure too: it may have decided by what a neighbour wrote.
void GroupWriter::answer(const std::exception_ptr& failure) {
    for (auto& [done, error] : group_) {
        if (!error && failure) error = copy_of(failure);
        done(std::move(error));
    }
    group_.clear();
}

int GroupWriter::pages_to_copy() const {
    const int pages = connection_.wal_pages();
    const bool began_again = pages < checkpointed_at_pages_;
    return began_again ? pages : pages - checkpointed_at_pages_;
}

bool GroupWriter::wants_checkpoint() const { return pages_to_copy() >= kWantedPages; }

void GroupWriter::checkpoint() {
    const int pages = connection_.wal_pages();
    connection_.checkpoint(pages < kRestartPages ? Connection::Checkpoint::Passive
                                                 : Connection::Checkpoint::Restart);
    checkpointed_at_pages_ = pages;
}

}  // namespace turnpike::sql::sqlite
