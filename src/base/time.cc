#include "base/time.h"

#include <array>
#include <cstdio>

namespace turnpike {
namespace {

/// Reads exactly `digits` decimal digits at the front of `text` and removes them.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || *year < 1970) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

std::optional<Duration> take_time(std::string_view& text) {
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ':')) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;

    Duration time =
        std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
    if (!take(text, '.')) return time;
    int digits = 0;
    std::int64_t scale = 100'000;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
        if (++digits > 9) return std::nullopt;
        time += Duration((text.front() - '0') * scale);
        scale /= 10;
    }
    if (digits == 0) return std::nullopt;
    return time;
}

std::optional<Duration> take_offset(std::string_view& text) {
    if (take(text, 'Z') || take(text, 'z')) return Duration(0);
    const bool east = text.starts_with('+');
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    const Duration offset = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
    return east ? offset : -offset;
}

/// The first moments that are too early and too late: an offset can carry a text of 1970 into 1969.
constexpr Instant kFirst{};
constexpr Instant kEnd{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1}};

}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view text) {
    const auto date = take_date(text);
    if (!date || !(take(text, 'T') || take(text, 't'))) return std::nullopt;
    const auto time = take_time(text);
    if (!time) return std::nullopt;
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    const auto moment = Instant(*date) + *time - *offset;
    if (moment < kFirst || moment >= kEnd) return std::nullopt;
    return moment;
}

std::string format_rfc3339(Instant moment) {
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{moment - day};
    std::string text = std::to_string(static_cast<int>(date.year()));
    if (text.size() < 4) text.insert(0, 4 - text.size(), '0');
    const auto add = [&text](char before, std::size_t digits, std::int64_t number) {
        text += before;
        text.append(digits, '0');
        for (auto at = text.rbegin(); number > 0; number /= 10)
            *at++ = static_cast<char>('0' + number % 10);
    };
    add('-', 2, static_cast<unsigned>(date.month()));
    add('-', 2, static_cast<unsigned>(date.day()));
    add('T', 2, time.hours().count());
    add(':', 2, time.minutes().count());
    add(':', 2, time.seconds().count());
    if (const auto micros = time.subseconds().count(); micros != 0) add('.', 6, micros);
    text += 'Z';
    return text;
}

Instant SystemClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace turnpike
