#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace turnpike {

/// What usage is summed over. All in UTC; weeks begin on Monday, as in ISO 8601.
enum class Granularity : std::uint8_t { Hour, Day, Week, Month };
std::string_view to_text(Granularity granularity);  ///< "hour"
std::optional<Granularity> parse_granularity(std::string_view text);

/// Buckets that one answer may have.
inline constexpr std::size_t kBucketsMax = 1'000;

/// The bucket that `moment` is in.
Period bucket_at(Instant moment, Granularity granularity);
/// The start of the bucket that is `count` after the one that begins at `start`; before, when
/// `count` is negative.
Instant moved_by_buckets(Instant start, Granularity granularity, int count);

/// The buckets that `asked` touches, in order.
/// \param asked  not empty
/// \return       nullopt when they are more than kBucketsMax
std::optional<std::vector<Period>> buckets_of(const Period& asked, Granularity granularity);

}  // namespace turnpike
