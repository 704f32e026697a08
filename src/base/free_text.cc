#include "base/free_text.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include <utf8proc.h>

#include "base/utf8.h"

namespace turnpike {
namespace {

constexpr std::size_t kMarksMax = 30;
/// No code point is more than so many when it is decomposed canonically.
constexpr std::size_t kDecomposedMax = 4;

struct FreedByC {
    void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

const utf8proc_property_t& property_of(char32_t code_point) {
    return *utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point));
}

bool is_mark(const utf8proc_property_t& property) {
    return property.category == UTF8PROC_CATEGORY_MN || property.category == UTF8PROC_CATEGORY_MC ||
           property.category == UTF8PROC_CATEGORY_ME;
}

bool is_control(const utf8proc_property_t& property) {
    return property.category == UTF8PROC_CATEGORY_CC || property.category == UTF8PROC_CATEGORY_ZL ||
           property.category == UTF8PROC_CATEGORY_ZP;
}

/// Embeddings, overrides, isolates, and the deprecated ones that change how letters are shown.
bool turns_text(char32_t code_point) {
    return (code_point >= U'\u202A' && code_point <= U'\u202E') ||
           (code_point >= U'\u2066' && code_point <= U'\u206F');
}

/// Not assigned, and not to be seen when they are (Default_Ignorable_Code_Point).
bool is_reserved_for_unseen(char32_t code_point) {
    return code_point == U'\u2065' || (code_point >= U'\uFFF0' && code_point <= U'\uFFF8') ||
           (code_point >= U'\U000E0000' && code_point <= U'\U000E0FFF');
}

bool is_seen(char32_t code_point, const utf8proc_property_t& property) {
    constexpr char32_t kBrailleOfNoDots = U'\u2800';
    return !property.ignorable && property.category != UTF8PROC_CATEGORY_ZS &&
           property.category != UTF8PROC_CATEGORY_CF && !is_control(property) &&
           !is_reserved_for_unseen(code_point) && code_point != kBrailleOfNoDots;
}

std::string counted(std::size_t characters) {
    return std::to_string(characters) + (characters == 1 ? " character" : " characters");
}

/// nullptr when every character may stand there.
const char* bad_characters(std::string_view text) {
    std::size_t marks = 0;
    while (!text.empty()) {
        const char32_t code_point = take_code_point(text);
        const auto& property = property_of(code_point);
        if (is_control(property)) return "must not hold control characters or line separators";
        if (turns_text(code_point)) return "must not hold characters that turn text around";
        marks = is_mark(property) ? marks + 1 : 0;
        if (marks > kMarksMax) return "must not hold more than 30 marks on one letter";
    }
    return nullptr;
}

bool is_blank(std::string_view text) {
    while (!text.empty()) {
        const char32_t code_point = take_code_point(text);
        if (is_seen(code_point, property_of(code_point))) return false;
    }
    return true;
}

}  // namespace

std::string in_nfc(std::string_view text) {
    utf8proc_uint8_t* composed = nullptr;
    const auto length =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                     static_cast<utf8proc_ssize_t>(text.size()), &composed,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, FreedByC> owner(composed);
    if (length < 0) return std::string(text);
    return {reinterpret_cast<const char*>(composed), static_cast<std::size_t>(length)};
}

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) take_code_point(text);
    return count;
}

bool is_seen_character(char32_t code_point) { return is_seen(code_point, property_of(code_point)); }

bool is_word_character(char32_t code_point) {
    const auto& property = property_of(code_point);
    const auto category = property.category;
    // The categories L*, M* and N* are one range.
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO &&
           is_seen(code_point, property);
}

bool is_all_of(std::string_view text, bool (*is_good)(char32_t)) {
    while (!text.empty())
        if (!is_good(take_code_point(text))) return false;
    return true;
}

std::expected<std::string, FreeTextFlaw> read_free_text(std::string_view text, FreeTextRule rule) {
    const auto refuse = [](const char* code, std::string detail) {
        return std::unexpected(FreeTextFlaw{code, std::move(detail)});
    };
    if (!is_utf8(text)) return refuse("invalid_characters", "must be UTF-8");
    // What has more than this has too many when it is composed, too.
    if (count_code_points(text) > rule.length_max * kDecomposedMax)
        return refuse("too_long", "must have at most " + counted(rule.length_max));
    if (const char* const bad = bad_characters(text)) return refuse("invalid_characters", bad);
    std::string composed = in_nfc(text);
    const std::size_t length = count_code_points(composed);
    if (length < rule.length_min && length == 0) return refuse("too_short", "must not be empty");
    if (length < rule.length_min)
        return refuse("too_short", "must have at least " + counted(rule.length_min));
    if (length > rule.length_max)
        return refuse("too_long", "must have at most " + counted(rule.length_max));
    if (rule.length_min > 0 && is_blank(composed))
        return refuse("blank", "must hold something that is to be seen");
    return composed;
}

}  // namespace turnpike
