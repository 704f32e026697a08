#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace turnpike {

/// What to write to the log about refused requests.
struct RefusalLine {
    std::string reason;  ///< "webhook.bad_signature"
    std::string why;     ///< of the last of them
    std::string peer;    ///< of the last of them
    std::int64_t failures = 1;
};

/// Whoever sends nonsense must not fill the disk as well: of each reason the first refusal is a
/// line at once, and the others are one line at the end of the interval. Not thread-safe.
class RefusalLog {
public:
    static constexpr std::chrono::seconds kInterval{10};

    /// The line to write now; nullopt when one was written within the interval.
    std::optional<RefusalLine> note(std::string reason, std::string why, std::string peer,
                                    Instant now);
    /// Lines for what was held back, of intervals that have ended. Call it every second or so.
    std::vector<RefusalLine> due(Instant now);
    /// The same, without waiting for the interval: nothing will come any more.
    std::vector<RefusalLine> rest();

private:
    struct Held {
        RefusalLine line;  ///< `failures` not yet written
        Instant until;     ///< end of the interval
    };
    std::map<std::string, Held> held_;  ///< by reason; absent: quiet
};

/// How often something happened within the last hour, to the minute. Not thread-safe.
class LastHour {
public:
    void count(Instant now);
    [[nodiscard]] std::int64_t total(Instant now) const;

private:
    std::deque<std::pair<std::int64_t, std::int64_t>> minutes_;  ///< minute, count
};

}  // namespace turnpike
