#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace turnpike {

// What people write for people: names, descriptions, comments. It stands in letters, invoices and
// pages among words of ours.

/// Canonically composed, so that "e" with U+0301 is the one letter that it looks like (Unicode
/// Normalization Form C). The time is quadratic in the marks that stand on one letter: bound them
/// first. What is not UTF-8 stays as it is.
std::string in_nfc(std::string_view text);

/// The text is valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// No blank, no control or format character, no filler, joiner or variation selector.
bool is_seen_character(char32_t code_point);

/// A letter, a mark or a digit of any script that is to be seen.
bool is_word_character(char32_t code_point);

/// Whether every code point passes. The text is valid UTF-8.
bool is_all_of(std::string_view text, bool (*is_good)(char32_t));

struct FreeTextRule {
    std::size_t length_min = 1;  ///< in code points of NFC
    std::size_t length_max = 255;
};

struct FreeTextFlaw {
    std::string code;    ///< too_short, too_long, invalid_characters or blank
    std::string detail;  ///< "must not be empty": what the field's name goes before
};

/// The text in NFC. Joiners and variation selectors, which Persian, Indic scripts and emoji are
/// written with, are part of it, and so are the marks of direction (U+200E, U+200F, U+061C), which
/// turn nothing but themselves.
///
/// Refused are control characters, the separators of lines and paragraphs, what turns the text
/// around beyond its own end (bidirectional embeddings, overrides and isolates), more than 30 marks
/// on one letter (Unicode Annex 15, Stream-Safe Text), and a text in which nothing is to be seen
/// where there must be one, and what is not UTF-8.
std::expected<std::string, FreeTextFlaw> read_free_text(std::string_view text, FreeTextRule rule);

}  // namespace turnpike
