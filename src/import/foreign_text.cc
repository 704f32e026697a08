#include "import/foreign_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include "base/utf8.h"

namespace turnpike {
namespace {

constexpr std::int64_t kCountMax = 1'000'000'000'000;
constexpr std::size_t kDayLength = std::string_view("2026-11-01").size();
constexpr std::size_t kMinuteLength = std::string_view("2026-11-01T08:00").size();

constexpr std::size_t kShownMax = 120;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> parse_digits(std::string_view text) {
    if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, is_digit))
        return std::nullopt;
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::optional<Instant> moment_of_number(std::string_view digits) {
    const auto number = parse_digits(digits);
    if (!number) return std::nullopt;
    if (digits.size() <= 11) return Instant(std::chrono::seconds(*number));
    if (digits.size() == 13) return Instant(std::chrono::milliseconds(*number));
    return std::nullopt;
}

/// "+00" -> "+00:00", "+0530" -> "+05:30"; the rest as it is.
std::string with_long_zone(std::string text) {
    const auto sign = text.find_first_of("+-", kMinuteLength);
    if (sign == std::string::npos) return text;
    const std::size_t length = text.size() - sign;
    if (length == 3) text += ":00";
    if (length == 5) text.insert(sign + 3, ":");
    return text;
}

}  // namespace

std::optional<Instant> parse_foreign_time(std::string_view text) {
    if (std::ranges::all_of(text, is_digit)) return moment_of_number(text);
    std::string moment(text);
    if (moment.size() == kDayLength) moment += "T00:00:00";
    if (moment.size() <= kMinuteLength) return std::nullopt;
    if (moment[kDayLength] == ' ') moment[kDayLength] = 'T';
    const bool has_zone =
        moment.ends_with('Z') || moment.find_first_of("+-", kMinuteLength) != std::string::npos;
    return parse_rfc3339(has_zone ? with_long_zone(std::move(moment)) : moment + "Z");
}

bool is_plausible(Instant moment) {
    using namespace std::chrono;
    return moment >= sys_days(year{2000} / 1 / 1) && moment < sys_days(year{2100} / 1 / 1);
}

std::optional<std::int64_t> parse_count(std::string_view text) {
    const auto number = parse_digits(text);
    return number && *number <= kCountMax ? number : std::nullopt;
}

std::string shown(std::string_view text) {
    std::string line;
    for (std::size_t characters = 0; !text.empty(); ++characters) {
        if (characters == kShownMax) return line.append(kEllipsis);
        const std::size_t length = utf8_length(text);
        // U+0080 to U+009F are control characters of terminals too: C2 80 to C2 9F.
        const bool is_control = length == 1 ? text[0] < ' ' || text[0] == '\x7F'
                                            : text[0] == '\xC2' && text[1] < '\xA0';
        line += length == 0 || is_control ? kReplacement : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return line;
}

}  // namespace turnpike
