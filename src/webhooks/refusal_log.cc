#include "webhooks/refusal_log.h"

namespace turnpike {
namespace {

constexpr std::int64_t kMinutes = 60;

std::int64_t minute_of(Instant now) { return unix_seconds(now) / 60; }

}  // namespace

std::optional<RefusalLine> RefusalLog::note(std::string reason, std::string why, std::string peer,
                                            Instant now) {
    RefusalLine line{.reason = reason, .why = std::move(why), .peer = std::move(peer)};
    const auto [found, is_first] = held_.try_emplace(std::move(reason));
    Held& held = found->second;
    if (is_first) {
        held.line.failures = 0;
        held.until = now + kInterval;
        return line;
    }
    line.failures += held.line.failures;
    held.line = std::move(line);
    return std::nullopt;
}

std::vector<RefusalLine> RefusalLog::due(Instant now) {
    std::vector<RefusalLine> lines;
    for (auto next = held_.begin(); next != held_.end();) {
        Held& held = next->second;
        if (now < held.until) {
            ++next;
        } else if (held.line.failures == 0) {
            next = held_.erase(next);
        } else {
            lines.push_back(held.line);
            held.line.failures = 0;
            held.until = now + kInterval;
            ++next;
        }
    }
    return lines;
}

std::vector<RefusalLine> RefusalLog::rest() {
    std::vector<RefusalLine> lines;
    for (auto& [reason, held] : held_)
        if (held.line.failures > 0) lines.push_back(std::move(held.line));
    held_.clear();
    return lines;
}

void LastHour::count(Instant now) {
    const auto minute = minute_of(now);
    if (minutes_.empty() || minutes_.back().first != minute) minutes_.emplace_back(minute, 0);
    ++minutes_.back().second;
    if (minutes_.size() > kMinutes) minutes_.pop_front();
}

std::int64_t LastHour::total(Instant now) const {
    std::int64_t total = 0;
    for (const auto& [minute, count] : minutes_)
        if (minute > minute_of(now) - kMinutes) total += count;
    return total;
}

}  // namespace turnpike
