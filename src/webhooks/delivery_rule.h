#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

/// Tries of one delivery: at once, and after waits of 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h,
/// 20 h and 24 h, which are 75 hours and a half.
inline constexpr std::int64_t kDeliveryTriesMax = 10;

/// The wait after try number `tries` (from 1), up to a tenth longer by `jitter`, 0 to 1000, so that
/// what failed together does not come back together. nullopt after the last.
std::optional<Duration> wait_after_try(std::int64_t tries, std::int64_t jitter);

enum class DeliveryVerdict : std::uint8_t {
    Delivered,  ///< 2xx
    Failed,     ///< to be tried again
    Gone,       ///< 410: the endpoint wants nothing any more
};

/// What an answer means.
struct DeliveryJudgement {
    DeliveryVerdict verdict = DeliveryVerdict::Failed;
    /// Set when the whole endpoint is to be left alone for so long: it said that it is busy (429,
    /// 502, 504), or when to come back.
    std::optional<Duration> pause{};
    std::string problem{};  ///< "" when it was delivered
};
/// \param retry_after  the header of that name, "" without one
DeliveryJudgement judge_answer(int status, std::string_view retry_after, Instant now);

/// Retry-After: whole seconds, or a date ("Sun, 06 Nov 1994 08:49:37 GMT"). At most a day; nullopt
/// for anything else.
std::optional<Duration> parse_retry_after(std::string_view text, Instant now);

}  // namespace turnpike
