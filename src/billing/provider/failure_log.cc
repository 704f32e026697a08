#include "billing/provider/failure_log.h"

#include <algorithm>

namespace turnpike {

std::optional<std::int64_t> FailureLog::failed(const std::string& key, std::string_view reason,
                                               Instant now) {
    if (failing_.size() >= kObjectsMax && !failing_.contains(key)) failing_.clear();
    Failing& failing = failing_[key];
    if (now - failing.last > kLongestInterval) failing = {};
    failing.last = now;
    ++failing.failures;
    if (failing.failures == 1 || failing.reason != reason) {
        failing.reason = reason;
        failing.interval = kFirstInterval;
    } else if (now < failing.due) {
        return std::nullopt;
    } else {
        failing.interval = std::min(failing.interval * 2, kLongestInterval);
    }
    failing.due = now + failing.interval;
    return failing.failures;
}

std::int64_t FailureLog::worked(const std::string& key) {
    const auto failing = failing_.extract(key);
    return failing ? failing.mapped().failures : 0;
}

}  // namespace turnpike
