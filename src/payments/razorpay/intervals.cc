#include "payments/razorpay/intervals.h"

#include <algorithm>
#include <array>

#include "payments/razorpay/refusal.h"

namespace turnpike::razorpay {
namespace {

constexpr std::int64_t kDaysMin = 7;

struct Word {
    std::string_view period, interval;
    std::int64_t intervals;  ///< of the port's in one of Razorpay's
    std::int64_t per_years;  ///< of Razorpay's in kYearsAhead
};
constexpr std::array<Word, 5> kWords = {{
    {"daily", "day", 1, kYearsAhead * 365},
    {"weekly", "week", 1, kYearsAhead * 52},
    {"monthly", "month", 1, kYearsAhead * 12},
    {"quarterly", "month", 3, kYearsAhead * 4},
    {"yearly", "year", 1, kYearsAhead},
}};

}  // namespace

Result<PlanRhythm> rhythm_of(std::string_view interval, std::int64_t count) {
    const auto* word = std::ranges::find(kWords, interval, &Word::interval);
    const bool too_often = interval == "day" && count < kDaysMin;
    if (word == kWords.end() || count < 1 || too_often) return std::unexpected(interval_not_sold());
    return PlanRhythm{std::string(word->period), count};
}

std::optional<PortRhythm> port_rhythm_of(const PlanRhythm& rhythm) {
    const auto* word = std::ranges::find(kWords, rhythm.period, &Word::period);
    if (word == kWords.end()) return std::nullopt;
    return PortRhythm{std::string(word->interval), word->intervals * rhythm.interval};
}

std::int64_t cycles_ahead(const PlanRhythm& rhythm) {
    const auto* word = std::ranges::find(kWords, rhythm.period, &Word::period);
    const auto cycles = word == kWords.end() ? 1 : word->per_years / rhythm.interval;
    return std::max<std::int64_t>(1, cycles);
}

}  // namespace turnpike::razorpay
