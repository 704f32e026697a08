#include "base/card_number.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace turnpike {
namespace {

constexpr std::ptrdiff_t kCardDigitsMin = 13;
constexpr std::ptrdiff_t kCardDigitsMax = 19;
/// Amounts and numbers of objects (2.16.840.1.113883) have shorter groups between dots.
constexpr std::size_t kDottedGroupMin = 4;

/// The zeros of Unicode's decimal digits (category Nd, Unicode 14) beyond ASCII; each is followed
/// by its one to nine.
constexpr char32_t kZeros[] = {
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,
    0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,
    0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
    0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
    0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};
static_assert(std::ranges::is_sorted(kZeros));

/// What a text is read as: digits, and these.
constexpr char kGap = ' ';  ///< a space or a dash
constexpr char kDot = '.';
constexpr char kOther = 'x';  ///< no number goes on over it

struct Range {
    char32_t first, last;
    char kind;
};
constexpr char kNothing = '\0';  ///< has no width
/// Spaces (Zs) and dashes (Pd) that stand between digits, dots, and what nobody sees.
constexpr Range kBetween[] = {
    {0x00A0, 0x00A0, kGap},      // no-break space
    {0x00AD, 0x00AD, kNothing},  // soft hyphen
    {0x00B7, 0x00B7, kDot},      // middle dot
    {0x034F, 0x034F, kNothing},  // combining grapheme joiner
    {0x061C, 0x061C, kNothing},  // Arabic letter mark
    {0x1680, 0x1680, kGap},
    {0x180E, 0x180E, kNothing},  // Mongolian vowel separator
    {0x2000, 0x200A, kGap},      // en quad to hair space
    {0x200B, 0x200F, kNothing},  // zero width space, joiners, direction marks
    {0x2010, 0x2015, kGap},      // hyphen to horizontal bar
    {0x2024, 0x2024, kDot},      // one dot leader
    {0x2027, 0x2027, kDot},      // hyphenation point
    {0x202A, 0x202E, kNothing},  // directions
    {0x202F, 0x202F, kGap},      // narrow no-break space
    {0x205F, 0x205F, kGap},
    {0x2060, 0x206F, kNothing},  // word joiner, invisible operators, isolates
    {0x2212, 0x2212, kGap},      // minus sign
    {0x22C5, 0x22C5, kDot},      // dot operator
    {0x3000, 0x3000, kGap},      // ideographic space
    {0x30FB, 0x30FB, kDot},      // Katakana middle dot
    {0xFE00, 0xFE0F, kNothing},  // variation selectors
    {0xFE58, 0xFE58, kGap},      // small em dash
    {0xFE63, 0xFE63, kGap},      // small hyphen-minus
    {0xFEFF, 0xFEFF, kNothing},  // zero width no-break space
    {0xFF0D, 0xFF0D, kGap},      // fullwidth hyphen-minus
    {0xFF0E, 0xFF0E, kDot},      // fullwidth full stop
};
static_assert(std::ranges::is_sorted(kBetween, {}, &Range::first));

bool is_card_digit(char c) { return c >= '0' && c <= '9'; }

/// May be a digit, seen as one byte: ASCII, or the first byte of a longer character.
bool may_be_digit(char c) { return is_card_digit(c) || static_cast<std::uint8_t>(c) >= 0xC0; }

char kind_of_ascii(char c) {
    if (is_card_digit(c)) return c;
    if (c == ' ' || c == '-') return kGap;
    return c == '.' ? kDot : kOther;
}

char kind_of(char32_t code) {
    const auto* const zero = std::ranges::upper_bound(kZeros, code);
    if (zero != std::begin(kZeros) && code - *std::prev(zero) <= 9)
        return static_cast<char>('0' + (code - *std::prev(zero)));
    const auto* const range = std::ranges::upper_bound(kBetween, code, {}, &Range::first);
    if (range == std::begin(kBetween) || code > std::prev(range)->last) return kOther;
    return std::prev(range)->kind;
}

/// The kind of the first character, which is taken off.
char take_kind(std::string_view& text) {
    const char first = text.front();
    if (static_cast<std::uint8_t>(first) < 0x80) {
        text.remove_prefix(1);
        return kind_of_ascii(first);
    }
    return kind_of(take_code_point(text));
}

/// As plain digits, gaps, dots, and one kOther for as many as there are.
std::string plain(std::string_view text) {
    std::string read;
    while (!text.empty()) {
        const char kind = take_kind(text);
        const bool says_nothing = kind == kNothing || (kind == kOther && read.ends_with(kOther));
        if (!says_nothing) read += kind;
    }
    return read;
}

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
    return std::ssize(digits) >= kCardDigitsMin && std::ssize(digits) <= kCardDigitsMax &&
           digits.front() >= '2' && digits.front() <= '6' && luhn_holds(digits);
}

struct DigitGroup {
    std::string_view digits;
    char before;  ///< what joins it to the one before: kGap or kDot; kOther for the first
};

/// Takes the next run off the front of a plain text: its groups of digits, with one gap or dot
/// between two ("4242 4242 4242 4242 12").
std::vector<DigitGroup> take_groups(std::string_view& text) {
    text.remove_prefix(static_cast<std::size_t>(
        std::distance(text.begin(), std::ranges::find_if(text, is_card_digit))));
    std::vector<DigitGroup> groups;
    char before = kOther;
    while (!text.empty() && is_card_digit(text.front())) {
        const auto* const end = std::ranges::find_if_not(text, is_card_digit);
        const auto length = static_cast<std::size_t>(std::distance(text.begin(), end));
        groups.push_back({text.substr(0, length), before});
        text.remove_prefix(length);
        const bool joined = text.size() > 1 && text.front() != kOther && is_card_digit(text[1]);
        if (!joined) break;
        before = text.front();
        text.remove_prefix(1);
    }
    return groups;
}

/// Whether a number that begins with the group `first` may go on to the group `next`: by dots or by
/// gaps alone.
bool goes_on(const std::vector<DigitGroup>& groups, std::size_t first, std::size_t next) {
    const char by = groups[next].before;
    if (next > first + 1 && groups[first + 1].before != by) return false;
    return by != kDot || groups[next - 1].digits.size() >= kDottedGroupMin;
}

/// True when some neighbouring groups together are a card number; others may be its expiry.
bool holds_card(const std::vector<DigitGroup>& groups) {
    for (std::size_t first = 0; first < groups.size(); ++first) {
        std::string digits;
        for (std::size_t i = first; i < groups.size() && std::ssize(digits) < kCardDigitsMax; ++i) {
            if (i > first && !goes_on(groups, first, i)) break;
            digits += groups[i].digits;
            if (is_card_number(digits)) return true;
        }
    }
    return false;
}

}  // namespace

bool holds_card_number(std::string_view text) {
    // Most texts have few digits, and are looked at once.
    if (std::ranges::count_if(text, may_be_digit) < kCardDigitsMin) return false;
    const std::string read = plain(text);
    if (std::ranges::count_if(read, is_card_digit) < kCardDigitsMin) return false;
    std::string_view rest = read;
    while (!rest.empty())
        if (holds_card(take_groups(rest))) return true;
    return false;
}

}  // namespace turnpike
