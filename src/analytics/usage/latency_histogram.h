#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace turnpike {

/// Latencies longer than this count as this long.
inline constexpr Duration kLatencyMax = std::chrono::days(1);

/// How often each latency was seen, in fixed buckets, so that histograms of hours, routes and nodes
/// add up without losing anything.
///
/// The buckets are those of HdrHistogram (G. Tene, https://hdrhistogram.org) with four bits of
/// precision: microseconds below 16 have a bucket each, and every power of two above is cut into 16
/// equal ones. A bucket is at most 1/16 of its lower end wide.
class LatencyHistogram {
public:
    /// What is negative counts as 0.
    void add(Duration latency);
    void merge(const LatencyHistogram& other);

    [[nodiscard]] std::uint64_t count() const;
    [[nodiscard]] bool is_empty() const { return buckets_.empty(); }
    /// The least value that `percent` of all latencies do not pass (nearest rank), rounded up to
    /// the end of its bucket: never below the true value, and at most 1/16 (6.25 %) above it.
    ///
    /// \param percent  1 to 100
    /// \return         nullopt when nothing was added
    [[nodiscard]] std::optional<Duration> percentile(int percent) const;

    /// "17:3 18:20": bucket and count, in rising order; "" when empty.
    [[nodiscard]] std::string text() const;
    /// nullopt for what text() never writes.
    static std::optional<LatencyHistogram> parse(std::string_view text);
    /// Of what the ledger holds, which text() wrote.
    static LatencyHistogram from_stored(std::string_view text);

    friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;

private:
    struct Bucket {
        std::uint32_t index = 0;
        std::uint64_t count = 0;
        friend bool operator==(const Bucket&, const Bucket&) = default;
    };
    void add_to(std::uint32_t index, std::uint64_t count);

    std::vector<Bucket> buckets_;  ///< by index; none is empty
};

}  // namespace turnpike
