#include "analytics/usage/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr int kPrecisionBits = 4;
constexpr std::uint64_t kFirstPower = std::uint64_t{1} << kPrecisionBits;

constexpr std::uint32_t bucket_of(std::uint64_t micros) {
    if (micros < kFirstPower) return static_cast<std::uint32_t>(micros);
    const int shift = static_cast<int>(std::bit_width(micros)) - 1 - kPrecisionBits;
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(shift) * kFirstPower +
                                      (micros >> shift));
}

/// The greatest number of microseconds in the bucket.
std::uint64_t last_of(std::uint32_t bucket) {
    if (bucket < kFirstPower) return bucket;
    const std::uint64_t shift = bucket / kFirstPower - 1;
    const std::uint64_t part = bucket % kFirstPower + kFirstPower;
    return ((part + 1) << shift) - 1;
}

constexpr std::uint32_t kLastBucket = bucket_of(static_cast<std::uint64_t>(kLatencyMax.count()));

/// Takes the digits at the front of `text`.
template <class Number>
bool take_number(std::string_view& text, Number& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take(std::string_view& text, char expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

void LatencyHistogram::add_to(std::uint32_t index, std::uint64_t count) {
    const auto at = std::ranges::lower_bound(buckets_, index, {}, &Bucket::index);
    if (at != buckets_.end() && at->index == index)
        at->count += count;
    else
        buckets_.insert(at, {index, count});
}

void LatencyHistogram::add(Duration latency) {
    const Duration bounded = std::clamp(latency, Duration(0), Duration(kLatencyMax));
    add_to(bucket_of(static_cast<std::uint64_t>(bounded.count())), 1);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
    for (const Bucket& bucket : other.buckets_) add_to(bucket.index, bucket.count);
}

std::uint64_t LatencyHistogram::count() const {
    std::uint64_t count = 0;
    for (const Bucket& bucket : buckets_) count += bucket.count;
    return count;
}

std::optional<Duration> LatencyHistogram::percentile(int percent) const {
    const std::uint64_t all = count();
    if (all == 0) return std::nullopt;
    const auto wanted = static_cast<std::uint64_t>(percent);
    // ceil(all * wanted / 100), without a product that could be too large.
    const std::uint64_t rank = all / 100 * wanted + (all % 100 * wanted + 99) / 100;
    std::uint64_t seen = 0;
    for (const Bucket& bucket : buckets_) {
        seen += bucket.count;
        if (seen >= rank) return Duration(static_cast<std::int64_t>(last_of(bucket.index)));
    }
    return std::nullopt;
}

std::string LatencyHistogram::text() const {
    std::string text;
    for (const Bucket& bucket : buckets_) {
        if (!text.empty()) text += ' ';
        text += std::to_string(bucket.index) + ':' + std::to_string(bucket.count);
    }
    return text;
}

std::optional<LatencyHistogram> LatencyHistogram::parse(std::string_view text) {
    LatencyHistogram histogram;
    while (!text.empty()) {
        Bucket bucket;
        if (!histogram.is_empty() && !take(text, ' ')) return std::nullopt;
        const bool is_read =
            take_number(text, bucket.index) && take(text, ':') && take_number(text, bucket.count);
        const bool rises = histogram.is_empty() || bucket.index > histogram.buckets_.back().index;
        if (!is_read || !rises || bucket.count == 0 || bucket.index > kLastBucket)
            return std::nullopt;
        histogram.buckets_.push_back(bucket);
    }
    return histogram;
}

LatencyHistogram LatencyHistogram::from_stored(std::string_view text) {
    auto histogram = parse(text);
    check(histogram.has_value(), "a stored histogram is one that was written");
    return *std::move(histogram);
}

}  // namespace turnpike
