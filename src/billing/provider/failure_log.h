#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

/// What is tried every second may fail every second, and must not fill the log: a failure is told
/// at once when it is the first or has another reason than the one before it, and else after 10 s,
/// 20 s, 40 s ... since it was told last, at least once an hour. What has not failed for an hour
/// has worked meanwhile. Not thread-safe.
class FailureLog {
public:
    static constexpr std::chrono::seconds kFirstInterval{10};
    static constexpr std::chrono::seconds kLongestInterval{3'600};
    /// Beyond it all are forgotten, and those that go on are told again.
    static constexpr std::size_t kObjectsMax = 10'000;

    /// \param key     what failed, and of which object
    /// \param reason  the same for the same failure: no message with a time or a number in it
    /// \return how often it has failed in a row when a line is due now
    std::optional<std::int64_t> failed(const std::string& key, std::string_view reason,
                                       Instant now);
    /// \return how often it had failed in a row; mostly 0
    std::int64_t worked(const std::string& key);

private:
    struct Failing {
        std::string reason{};
        std::int64_t failures = 0;
        std::chrono::seconds interval = kFirstInterval;
        Instant last, due;  ///< failure; line for the same reason
    };
    std::map<std::string, Failing> failing_;
};

}  // namespace turnpike
