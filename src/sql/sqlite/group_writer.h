#pragma once

#include <exception>
#include <vector>

#include "sql/sqlite/connection.h"
#include "sql/task_queue.h"

namespace turnpike::sql::sqlite {

/// How one job ended: a wish to commit, or not, or an exception.
struct Attempt {
    bool commit;
    std::exception_ptr error;
};
Attempt attempt(const Job& job, Connection& connection);

/// Runs write jobs, as many as are waiting, in one transaction: one sync of the disk then serves
/// them all. Each job but the first stands under a savepoint, so that a job that fails takes back
/// only its own work; the first needs none, since until it has succeeded the transaction is its
/// own. Nobody is answered before the commit.
class GroupWriter {
public:
    GroupWriter(Connection& connection, TaskQueue& queue)
        : connection_(connection), queue_(queue) {}

    /// Runs `first` and what waits behind it, within limits of number and time. Copies the log into
    /// the database when that must not wait any longer.
    void run(Task first);
    /// The log is long enough to be copied, which is best done while nobody writes: whoever comes
    /// meanwhile waits for two syncs of the disk.
    [[nodiscard]] bool wants_checkpoint() const;
    void checkpoint();
    /// Commits a page that says nothing new, to see whether the disk takes it.
    void try_disk() noexcept;

private:
    struct Ended {
        Done done;
        std::exception_ptr error;
    };

    void collect(Task first);
    void run_task(Task task);
    void roll_back_task();
    void abandon() noexcept;
    void answer(const std::exception_ptr& failure);
    /// Pages in the log that were not copied yet, as far as known.
    [[nodiscard]] int pages_to_copy() const;

    Connection& connection_;
    TaskQueue& queue_;
    std::vector<Ended> group_;
    int checkpointed_at_pages_ = 0;
};

}  // namespace turnpike::sql::sqlite
