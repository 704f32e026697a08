#include "base/mail_address.h"

#include <algorithm>
#include <cstddef>
#include <memory>

#include <idn2.h>

#include "base/free_text.h"
#include "base/letter_case.h"
#include "base/utf8.h"

namespace turnpike {
namespace {

// RFC 5321, 4.5.3.1: a path of 256 bytes with its brackets.
constexpr std::size_t kAddressBytesMax = 254;
constexpr std::size_t kLocalBytesMax = 64;
constexpr std::size_t kLabelBytesMax = 63;

struct FreeDomain {
    void operator()(char* text) const { idn2_free(text); }
};

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_atom_character(char32_t c) {
    constexpr std::string_view kSigns = "!#$%&'*+-/=?^_`{|}~";
    return is_word_character(c) || (c < 0x80U && kSigns.contains(static_cast<char>(c)));
}

/// What IDNA would drop in silence. Joiners are letters' neighbours in some scripts' domains; IDNA
/// knows where.
bool is_seen_in_domains(char32_t c) {
    return c == U'\u200C' || c == U'\u200D' || is_seen_character(c);
}

bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= kLabelBytesMax && !text.starts_with('-') &&
           !text.ends_with('-') &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_atom(std::string_view text) { return !text.empty() && is_all_of(text, is_atom_character); }

/// Whether every part between dots, of which there is one at least, is a good one.
template <class IsGood>
bool is_dotted(std::string_view text, IsGood is_good) {
    for (auto dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
        if (!is_good(text.substr(0, dot))) return false;
        text.remove_prefix(dot + 1);
    }
    return is_good(text);
}

/// As the DNS has it; "" when it is none.
std::string domain_in_ascii(std::string_view text) {
    // The library reads up to a NUL.
    if (text.contains('\0') || !is_all_of(text, is_seen_in_domains)) return "";
    char* ascii = nullptr;
    const int outcome =
        idn2_to_ascii_8z(std::string(text).c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, FreeDomain> owner(ascii);
    if (outcome != IDN2_OK) return "";
    // Mapped first, and looked at then: U+FF1C is '<' afterwards.
    return is_dotted(ascii, is_label) ? lower_case(ascii) : "";
}

}  // namespace

std::optional<MailAddress> parse_mail_address(std::string_view text) {
    const auto at = text.find('@');
    if (text.size() > kAddressBytesMax || at == std::string_view::npos || !is_utf8(text))
        return std::nullopt;
    const std::string local = in_nfc(text.substr(0, at));
    if (local.size() > kLocalBytesMax || !is_dotted(local, is_atom)) return std::nullopt;
    MailAddress address{local, domain_in_ascii(text.substr(at + 1))};
    const bool fits = local.size() + 1 + address.domain.size() <= kAddressBytesMax;
    if (address.domain.empty() || !fits) return std::nullopt;
    return address;
}

bool is_mail_address(std::string_view text) { return parse_mail_address(text).has_value(); }

}  // namespace turnpike
