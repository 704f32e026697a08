#include "sql/postgres/schedule.h"

#include <algorithm>
#include <utility>

namespace turnpike::sql::postgres {
namespace {

/// Groups without a conflict before one more may run beside them. A try that fails costs one group
/// a second run, so one in 64 costs next to nothing.
constexpr std::size_t kCalmGroups = 64;

}  // namespace

void Schedule::push(std::deque<Waiting>& lane, Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (reads_.size() + writes_.size() < waiting_max_) {
            lane.push_back({++tickets_, std::move(task)});
            changed_.notify_one();
            return;
        }
    }
    refuse(std::move(task));
}

bool Schedule::may_write() const {
    return !writes_.empty() && writing_ < width_ && starting_over_ == 0;
}

bool Schedule::write_is_next() const {
    return may_write() && (reads_.empty() || writes_.front().ticket < reads_.front().ticket);
}

/// An even share for each group that may still begin.
std::size_t Schedule::group_size() const {
    const std::size_t places = width_ - writing_;
    return std::min(kGroupMax, (writes_.size() + places - 1) / places);
}

std::optional<Schedule::Batch> Schedule::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(
        lock, [this] { return may_write() || !reads_.empty() || (closed_ && writes_.empty()); });
    if (write_is_next()) {
        auto batch = take(writes_, group_size());
        batch.writes = true;
        ++writing_;
        return batch;
    }
    if (!reads_.empty()) return take(reads_, 1);
    return std::nullopt;
}

Schedule::Batch Schedule::take(std::deque<Waiting>& lane, std::size_t count) {
    Batch batch{false, {}};
    for (; count > 0; --count) {
        batch.tasks.push_back(std::move(lane.front().task));
        lane.pop_front();
    }
    return batch;
}

void Schedule::finish() {
    const std::lock_guard lock(mutex_);
    --writing_;
    if (++calm_groups_ >= kCalmGroups && width_ < width_max_) {
        ++width_;
        calm_groups_ = 0;
    }
    place_free_.notify_all();
    changed_.notify_all();
}

void Schedule::start_over() {
    std::unique_lock lock(mutex_);
    --writing_;
    ++starting_over_;
    width_ = std::max<std::size_t>(1, width_ / 2);
    calm_groups_ = 0;
    place_free_.notify_all();
    place_free_.wait(lock, [this] { return writing_ < width_; });
    --starting_over_;
    ++writing_;
    changed_.notify_all();
}

void Schedule::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

std::size_t Schedule::size() const {
    const std::lock_guard lock(mutex_);
    return reads_.size() + writes_.size();
}

std::size_t Schedule::width() const {
    const std::lock_guard lock(mutex_);
    return width_;
}

}  // namespace turnpike::sql::postgres
