#include "webhooks/delivery_rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace turnpike {
namespace {

using namespace std::chrono_literals;

constexpr auto kWaits = std::to_array<Duration>({5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h});
static_assert(kWaits.size() + 1 == kDeliveryTriesMax);

constexpr Duration kBusyPause = 30s;
constexpr Duration kPauseMax = 24h;

std::optional<int> whole(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < 0)
        return std::nullopt;
    return value;
}

/// RFC 9110, 5.6.7: IMF-fixdate, of fixed width; the older forms are not sent by anybody.
std::optional<Instant> parse_http_date(std::string_view text) {
    constexpr std::string_view kShape = "Sun, 06 Nov 1994 08:49:37 GMT";
    constexpr auto kMonths = std::to_array<std::string_view>(
        {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
    if (text.size() != kShape.size() || !text.ends_with(" GMT")) return std::nullopt;
    const auto month = std::ranges::find(kMonths, text.substr(8, 3));
    const auto day = whole(text.substr(5, 2)), year = whole(text.substr(12, 4));
    const auto hour = whole(text.substr(17, 2)), minute = whole(text.substr(20, 2)),
               second = whole(text.substr(23, 2));
    if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
        std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<Duration> wait_after_try(std::int64_t tries, std::int64_t jitter) {
    if (tries < 1 || tries >= kDeliveryTriesMax) return std::nullopt;
    const Duration wait = kWaits[static_cast<std::size_t>(tries - 1)];
    return wait + wait * std::clamp<std::int64_t>(jitter, 0, 1'000) / 10'000;
}

std::optional<Duration> parse_retry_after(std::string_view text, Instant now) {
    Duration wait{};
    if (const auto seconds = whole(text))
        wait = std::chrono::seconds(*seconds);
    else if (const auto date = parse_http_date(text))
        wait = *date - now;
    else
        return std::nullopt;
    return std::clamp(wait, Duration(0), kPauseMax);
}

DeliveryJudgement judge_answer(int status, std::string_view retry_after, Instant now) {
    if (status >= 200 && status < 300) return {.verdict = DeliveryVerdict::Delivered};
    if (status == 410) return {.verdict = DeliveryVerdict::Gone, .problem = "answered 410 Gone"};
    DeliveryJudgement judgement{.problem = "answered " + std::to_string(status)};
    if (status >= 300 && status < 400) judgement.problem += "; redirects are not followed";
    judgement.pause = parse_retry_after(retry_after, now);
    const bool is_busy = status == 429 || status == 502 || status == 504;
    if (is_busy && !judgement.pause) judgement.pause = kBusyPause;
    return judgement;
}

}  // namespace turnpike
