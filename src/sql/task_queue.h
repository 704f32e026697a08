#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "sql/database.h"

namespace turnpike::sql {

/// A job and whom to tell.
struct Task {
    Job job;
    Done done;
};

/// Tells the caller that the job was refused and nothing happened.
void refuse(Task task);

/// The same failure as an object of its own: each of the callers who shared a transaction takes
/// theirs to their own thread.
std::exception_ptr copy_of(const std::exception_ptr& failure);

/// First in, first out, bounded. Thread-safe.
class TaskQueue {
public:
    explicit TaskQueue(std::size_t max) : max_(max) {}

    /// Refuses the task, on this thread, when `max` are waiting.
    void push(Task task);
    /// False when this time passes without a task that waits, and without a close().
    bool wait_for(std::chrono::milliseconds time);
    /// Waits for a task. nullopt when closed and empty.
    std::optional<Task> pop();
    std::optional<Task> try_pop();
    /// Lets pop() return nullopt once the waiting tasks are taken.
    void close();
    [[nodiscard]] std::size_t size() const;

private:
    std::optional<Task> take_front();  // mutex_ held

    const std::size_t max_;

    mutable std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable waiting_;
    std::deque<Task> tasks_;
    bool closed_ = false;
};

}  // namespace turnpike::sql
