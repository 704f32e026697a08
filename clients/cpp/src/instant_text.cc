#include "instant_text.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace turnpike::client {
namespace {

constexpr std::size_t kSecondsLength = std::string_view("2024-09-15T00:00:00").size();

/// The number that exactly fills text[from, from + length).
std::optional<int> number(std::string_view text, std::size_t from, std::size_t length) {
    const auto digits = text.substr(from, length);
    if (digits.size() != length || digits.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// ".25Z" is 250,000 microseconds, "Z" none.
std::optional<std::chrono::microseconds> fraction_of(std::string_view rest) {
    if (rest.empty() || rest.back() != 'Z') return std::nullopt;
    rest.remove_suffix(1);
    if (rest.empty()) return std::chrono::microseconds(0);
    if (rest.front() != '.' || rest.size() < 2 || rest.size() > 7) return std::nullopt;
    std::string digits(rest.substr(1));
    digits.resize(6, '0');
    const auto value = number(digits, 0, 6);
    if (!value) return std::nullopt;
    return std::chrono::microseconds(*value);
}

bool is_shape(std::string_view text) {
    return text.size() > kSecondsLength && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
           text[13] == ':' && text[16] == ':';
}

}  // namespace

std::string format_instant(Instant instant) {
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(instant - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06d",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()),
                  static_cast<int>(time.subseconds().count()));
    std::string shortest(text.data());
    while (shortest.back() == '0') shortest.pop_back();
    if (shortest.back() == '.') shortest.pop_back();
    return shortest + 'Z';
}

std::optional<Instant> parse_instant(std::string_view text) {
    if (!is_shape(text)) return std::nullopt;
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2),
               second = number(text, 17, 2);
    const auto fraction = fraction_of(text.substr(kSecondsLength));
    if (!year || !month || !day || !hour || !minute || !second || !fraction) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + *fraction;
}

}  // namespace turnpike::client
