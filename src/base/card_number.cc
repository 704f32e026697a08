#include "base/card_number.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace turnpike {
namespace {

constexpr std::size_t kCardDigitsMin = 13;
constexpr std::size_t kCardDigitsMax = 19;

bool is_card_digit(char c) { return c >= '0' && c <= '9'; }

/// ISO/IEC 7812-1, annex B.
bool luhn_holds(std::string_view digits) {
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int digit = digits[digits.size() - 1 - i] - '0';
        const int weighted = i % 2 == 0 ? digit : 2 * digit;
        sum += weighted > 9 ? weighted - 9 : weighted;
    }
    return sum % 10 == 0;
}

bool is_card_number(std::string_view digits) {
    return digits.size() >= kCardDigitsMin && digits.size() <= kCardDigitsMax &&
           digits.front() >= '2' && digits.front() <= '6' && luhn_holds(digits);
}

/// Takes the next run off the front of `text`: its groups of digits, with one space or hyphen
/// between two ("4242 4242 4242 4242 12").
std::vector<std::string> take_groups(std::string_view& text) {
    while (!text.empty() && !is_card_digit(text.front())) text.remove_prefix(1);
    std::vector<std::string> groups;
    while (!text.empty() && is_card_digit(text.front())) {
        groups.emplace_back();
        for (; !text.empty() && is_card_digit(text.front()); text.remove_prefix(1))
            groups.back() += text.front();
        const bool joined = text.size() > 1 && (text.front() == ' ' || text.front() == '-');
        if (!joined || !is_card_digit(text[1])) break;
        text.remove_prefix(1);
    }
    return groups;
}

/// True when some neighbouring groups together are a card number; others may be its expiry.
bool holds_card(const std::vector<std::string>& groups) {
    for (std::size_t first = 0; first < groups.size(); ++first) {
        std::string digits;
        for (std::size_t i = first; i < groups.size() && digits.size() < kCardDigitsMax; ++i) {
            digits += groups[i];
            if (is_card_number(digits)) return true;
        }
    }
    return false;
}

}  // namespace

bool holds_card_number(std::string_view text) {
    // Most texts have few digits.
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(text, is_card_digit));
    if (digits < kCardDigitsMin) return false;
    while (!text.empty())
        if (holds_card(take_groups(text))) return true;
    return false;
}

}  // namespace turnpike
