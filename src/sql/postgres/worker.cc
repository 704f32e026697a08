#include "sql/postgres/worker.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "crypto/crypto.h"

namespace turnpike::sql::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kTriesMax = 50;
constexpr auto kTimeMax = std::chrono::seconds(10);
/// Since the first loss: for a server that is there and takes no connection.
constexpr auto kLostMax = std::chrono::seconds(2);
constexpr int kLongestPauseMs = 250;
/// Runs of a job that breaks a constraint each time, after the one in its group.
constexpr int kViolationsMax = 8;

constexpr const char* kBeginAlone = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE";
constexpr const char* kBeginGroup =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SAVEPOINT job";
constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kNextJob = "RELEASE SAVEPOINT job; SAVEPOINT job";
constexpr const char* kUndoJob = "ROLLBACK TO SAVEPOINT job";

bool is_violation(const std::exception_ptr& error) {
    if (!error) return false;
    try {
        std::rethrow_exception(error);
    } catch (const ConstraintViolation&) {
        return true;
    } catch (...) {
        return false;
    }
}

void rethrow_if_passing(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const Passing&) {
        throw;
    } catch (...) {
        return;
    }
}

}  // namespace

Worker::Worker(std::string url, Durability durability, Schedule& schedule, Pulse& pulse)
    : url_(std::move(url)), durability_(durability), schedule_(schedule), pulse_(pulse) {
    std::uint32_t seed = 0;
    std::memcpy(&seed, random_bytes(sizeof seed).data(), sizeof seed);
    random_.seed(seed);
}

void Worker::connect() { connection_ = std::make_unique<Connection>(url_, durability_, pulse_); }

void Worker::run() {
    while (auto batch = schedule_.next()) {
        if (batch->writes)
            write(std::move(batch->tasks));
        else
            run_alone(batch->tasks.front(), &Worker::read_once);
    }
}

void Worker::write(std::vector<Task> tasks) {
    auto errors = persist(tasks, &Worker::write_once);
    std::vector<Task> collided;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (is_violation(errors[i]))
            collided.push_back(std::move(tasks[i]));
        else
            tasks[i].done(std::move(errors[i]));
    }
    for (Task& task : collided) settle(task);
    schedule_.finish();
}

/// A job that looked first and then inserted may have lost to another one in between, which cannot
/// happen on SQLite. On its next run it sees what the other did, and mostly nobody is faster again.
void Worker::settle(Task& task) {
    for (int runs = 1;; ++runs) {
        auto errors = persist(std::span(&task, 1), &Worker::write_once);
        if (is_violation(errors.front()) && runs < kViolationsMax) {
            pause(runs + 2);
            continue;
        }
        task.done(std::move(errors.front()));
        return;
    }
}

void Worker::run_alone(Task& task, Once once) {
    auto errors = persist(std::span(&task, 1), once);
    task.done(std::move(errors.front()));
}

Worker::Errors Worker::persist(std::span<const Task> tasks, Once once) {
    const auto began = steady_clock::now();
    std::optional<steady_clock::time_point> lost;
    for (int tries = 1;; ++tries) {
        std::exception_ptr failure;
        std::optional<Passing::Why> why;
        try {
            if (pulse_.away()) throw Failure(Pulse::kAway, false);
            if (!connection_) connect();
            return (this->*once)(tasks);
        } catch (const Passing& problem) {
            failure = std::current_exception();
            why = problem.why();
        } catch (...) {
            failure = std::current_exception();
        }
        clean_up();
        if (why == Passing::Why::Lost) {
            pulse_.doubt();
            if (!lost) lost = steady_clock::now();
        }
        const auto deadline = lost ? *lost + kLostMax : began + kTimeMax;
        const bool patient = why && tries < kTriesMax && steady_clock::now() < deadline;
        if (!patient) {
            Errors errors;
            for (std::size_t i = 0; i < tasks.size(); ++i) errors.push_back(copy_of(failure));
            return errors;
        }
        if (*why == Passing::Why::Stale && connection_) connection_.reset();
        pause(*why == Passing::Why::Lost ? tries + 4 : tries);
        if (*why == Passing::Why::Conflict && once == &Worker::write_once) schedule_.start_over();
    }
}

Worker::Errors Worker::write_once(std::span<const Task> tasks) {
    const bool alone = tasks.size() == 1;
    bool anything = false;
    Errors errors(tasks.size());
    connection_->execute(alone ? kBeginAlone : kBeginGroup);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (i > 0) connection_->execute(kNextJob);
        auto ended = attempt(tasks[i].job);
        errors[i] = std::move(ended.error);
        anything = anything || ended.commit;
        if (!ended.commit && !alone) connection_->execute(kUndoJob);
    }
    if (anything)
        connection_->commit();
    else
        connection_->execute("ROLLBACK");
    return errors;
}

Worker::Errors Worker::read_once(std::span<const Task> tasks) {
    connection_->execute(kBeginRead);
    Errors errors{attempt(tasks.front().job).error};
    clean_up();
    return errors;
}

Worker::Attempt Worker::attempt(const Job& job) {
    ConnectionTransaction transaction(*connection_);
    Attempt ended{false, nullptr};
    try {
        ended.commit = job(transaction);
    } catch (...) {
        ended.error = std::current_exception();
    }
    if (transaction.failed()) {
        rethrow_if_passing(transaction.failed());
        ended.commit = false;
        if (!ended.error) ended.error = transaction.failed();
    }
    return ended;
}

void Worker::clean_up() noexcept {
    try {
        if (connection_ && connection_->usable() && connection_->in_transaction())
            connection_->execute("ROLLBACK");
    } catch (const Failure&) {
        connection_.reset();
    }
    if (connection_ && !connection_->usable()) connection_.reset();
}

/// Random, so that those who met do not meet again. The first conflicts need no pause: the others
/// of this process wait in the schedule.
void Worker::pause(int tries) {
    const int longest_ms = std::min(kLongestPauseMs, 1 << std::min(tries, 8));
    if (longest_ms <= 4) return;
    std::uniform_int_distribution<int> length_ms(1, longest_ms);
    std::this_thread::sleep_for(milliseconds(length_ms(random_)));
}

}  // namespace turnpike::sql::postgres
