#pragma once

#include <exception>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sql/postgres/connection.h"
#include "sql/postgres/pulse.h"
#include "sql/postgres/schedule.h"

namespace turnpike::sql::postgres {

/// One thread of the pool with its connection, made when first needed and again after a loss.
class Worker {
public:
    /// `schedule` and `pulse` must outlive it.
    Worker(std::string url, Durability durability, Schedule& schedule, Pulse& pulse);

    /// Throws Failure.
    void connect();
    /// Until the schedule is closed and empty.
    void run();

private:
    using Errors = std::vector<std::exception_ptr>;  // one for each task, null where all is well
    using Once = Errors (Worker::*)(std::span<const Task>);
    struct Attempt {
        bool commit;
        std::exception_ptr error;
    };

    void write(std::vector<Task> tasks);
    void run_alone(Task& task, Once once);
    void settle(Task& task);
    /// Runs the tasks until that ends by itself, or patience does; not at all while the server is
    /// known to be away.
    Errors persist(std::span<const Task> tasks, Once once);
    /// Once; these throw Passing when all of it can be run again.
    Errors write_once(std::span<const Task> tasks);
    Errors read_once(std::span<const Task> tasks);
    Attempt attempt(const Job& job);
    /// Leaves no transaction open: its locks would hold up the others.
    void clean_up() noexcept;
    void pause(int tries);

    const std::string url_;
    const Durability durability_;
    Schedule& schedule_;
    Pulse& pulse_;
    std::unique_ptr<Connection> connection_;
    std::minstd_rand random_;  // for pauses
};

}  // namespace turnpike::sql::postgres
