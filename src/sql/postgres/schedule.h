#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "sql/task_queue.h"

namespace turnpike::sql::postgres {

/// Deals waiting jobs out to the pool's threads: one read, or a group of writes that share a
/// transaction.
///
/// Writers of one row cannot run side by side: at REPEATABLE READ all but one fail and start over.
/// So the number of write groups in flight adapts, as TCP's window does: a conflict halves it,
/// a run of groups without one widens it by one. Under contention it settles at one group after
/// the other, each holding everybody who waits; without contention all connections write.
///
/// A job is dealt before its group's transaction begins, so it sees all that was committed before
/// it was submitted. Thread-safe.
class Schedule {
public:
    /// A group is bounded because PostgreSQL keeps 64 subtransactions in memory, and because the
    /// first of a group waits for the last.
    static constexpr std::size_t kGroupMax = 60;

    struct Batch {
        bool writes;
        std::vector<Task> tasks;
    };

    Schedule(std::size_t waiting_max, std::size_t width_max)
        : waiting_max_(waiting_max), width_max_(width_max), width_(width_max) {}

    void push_read(Task task) { push(reads_, std::move(task)); }
    void push_write(Task task) { push(writes_, std::move(task)); }

    /// Waits. nullopt when closed and nothing is left. A batch of writes holds one of the places
    /// for write groups, until finish().
    std::optional<Batch> next();
    /// The group is done, with or without success.
    void finish();
    /// The group was in conflict and has to start over: gives its place up and waits for one in the
    /// narrower width, before new groups get it.
    void start_over();

    void close();
    [[nodiscard]] std::size_t size() const;
    /// Write groups that may run side by side now; for tests and measurements.
    [[nodiscard]] std::size_t width() const;

private:
    struct Waiting {
        std::uint64_t ticket;
        Task task;
    };

    void push(std::deque<Waiting>& lane, Task task);
    // These need mutex_:
    [[nodiscard]] bool may_write() const;
    [[nodiscard]] bool write_is_next() const;
    [[nodiscard]] std::size_t group_size() const;
    Batch take(std::deque<Waiting>& lane, std::size_t count);

    const std::size_t waiting_max_;
    const std::size_t width_max_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;     // next() waits here
    std::condition_variable place_free_;  // start_over() waits here
    // Guarded by mutex_:
    std::deque<Waiting> reads_;
    std::deque<Waiting> writes_;
    std::uint64_t tickets_ = 0;
    std::size_t width_;
    std::size_t writing_ = 0;
    std::size_t starting_over_ = 0;
    std::size_t calm_groups_ = 0;
    bool closed_ = false;
};

}  // namespace turnpike::sql::postgres
