#include "sql/task_queue.h"

#include <utility>

namespace turnpike::sql {

void refuse(Task task) {
    task.done(std::make_exception_ptr(Failure("database queue is full", false)));
}

std::exception_ptr copy_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const ConstraintViolation& violation) {
        return std::make_exception_ptr(ConstraintViolation(violation.what()));
    } catch (const Failure& same) {
        return std::make_exception_ptr(Failure(same.what(), same.outcome_unknown()));
    } catch (...) {
        return failure;
    }
}

void TaskQueue::push(Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (tasks_.size() < max_) {
            tasks_.push_back(std::move(task));
            waiting_.notify_one();
            return;
        }
    }
    refuse(std::move(task));
}

bool TaskQueue::wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return waiting_.wait_for(lock, time, [this] { return closed_ || !tasks_.empty(); });
}

std::optional<Task> TaskQueue::pop() {
    std::unique_lock lock(mutex_);
    waiting_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
    return take_front();
}

std::optional<Task> TaskQueue::try_pop() {
    const std::lock_guard lock(mutex_);
    return take_front();
}

std::optional<Task> TaskQueue::take_front() {
    if (tasks_.empty()) return std::nullopt;
    std::optional<Task> task(std::move(tasks_.front()));
    tasks_.pop_front();
    return task;
}

void TaskQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.notify_all();
}

std::size_t TaskQueue::size() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

}  // namespace turnpike::sql
