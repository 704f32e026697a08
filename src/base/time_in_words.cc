#include "base/time_in_words.h"

#include <array>
#include <chrono>

namespace turnpike {

std::string day_in_words(Instant at) {
    constexpr std::array kMonths{"January",   "February", "March",    "April",
                                 "May",       "June",     "July",     "August",
                                 "September", "October",  "November", "December"};
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(at)};
    return std::to_string(static_cast<unsigned>(date.day())) + " " +
           kMonths[static_cast<unsigned>(date.month()) - 1] + " " +
           std::to_string(static_cast<int>(date.year()));
}

std::string time_in_words(Instant at) {
    // "2023-11-14T22:13:20Z"
    return day_in_words(at) + " at " + format_rfc3339(at).substr(11, 5) + " UTC";
}

}  // namespace turnpike
