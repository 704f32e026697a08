#include "json/scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/utf8.h"

namespace turnpike {
namespace {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kEveryByte = 0x0101'0101'0101'0101;
constexpr std::uint64_t kHighBits = 0x80 * kEveryByte;

/// Eight bytes, the first one lowest.
std::uint64_t load_word(const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, kWordBytes);
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    return word;
}

/// The high bit of every byte that is zero; above the lowest such byte there may be more bits.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kEveryByte) & ~word; }

/// What ends the plain part of a text: a quote, a backslash, a control, or a byte of UTF-8.
bool is_special(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '"' || byte == '\\' || byte < 0x20 || byte >= 0x80;
}

const char* plain_end(const char* at, const char* end) {
    for (; end - at >= static_cast<std::ptrdiff_t>(kWordBytes); at += kWordBytes) {
        const std::uint64_t word = load_word(at);
        // A byte is marked wrongly only when one below it is marked rightly, and the lowest counts.
        const std::uint64_t special =
            (zero_bytes(word ^ (kEveryByte * '"')) | zero_bytes(word ^ (kEveryByte * '\\')) |
             (word - kEveryByte * 0x20) | word) &
            kHighBits;
        if (special != 0) return at + std::countr_zero(special) / 8;
    }
    while (at != end && !is_special(*at)) ++at;
    return at;
}

std::uint64_t start_of(std::string_view name) {
    if (name.size() >= kWordBytes) return load_word(name.data());
    std::uint64_t start = 0;
    for (const char c : name) start = start << 8 | static_cast<unsigned char>(c);
    return start;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
}

constexpr bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

void JsonScanner::begin(std::string_view text, std::size_t depth_max) {
    begin_ = at_ = text.data();
    end_ = at_ + text.size();
    depth_ = 0;
    depth_max_ = depth_max;
    fault_ = Fault::None;
    names_.clear();
}

JsonScanner::Kind JsonScanner::kind() {
    skip_space();
    if (at_ == end_) return Kind::None;
    switch (*at_) {
        case '{': return Kind::Object;
        case '[': return Kind::Array;
        case '"': return Kind::Text;
        case 't': return Kind::True;
        case 'f': return Kind::False;
        case 'n': return Kind::Null;
        default: return *at_ == '-' || is_digit(*at_) ? Kind::Number : Kind::None;
    }
}

bool JsonScanner::skip() {
    std::string_view digits;
    switch (kind()) {
        case Kind::Object: return object([this](std::string_view) { return skip(); });
        case Kind::Array: return array([this] { return skip(); });
        case Kind::Text: return take_text().data() != nullptr;
        case Kind::Number: return number(digits);
        case Kind::True: return word("true");
        case Kind::False: return word("false");
        case Kind::Null: return word("null");
        case Kind::None: return fail(Fault::Malformed);
    }
    return false;
}

bool JsonScanner::open(char bracket) {
    if (!take(bracket)) return fail(Fault::Malformed);
    if (depth_ == depth_max_) return fail(Fault::TooDeep);
    ++depth_;
    return true;
}

std::string_view JsonScanner::take_name() {
    const std::string_view name = take_text();
    if (name.data() == nullptr || !take(':')) return no_text();
    names_.emplace_back(start_of(name), name);
    return name;
}

/// Forgets the names from `first` on. A few are compared pairwise, which is quickest; sorting keeps
/// an object of very many cheap.
bool JsonScanner::names_differ(std::size_t first) {
    constexpr std::size_t kPairsMax = 16;
    const auto names = names_.begin() + static_cast<std::ptrdiff_t>(first);
    bool differ = true;
    if (names_.size() - first <= kPairsMax) {
        for (auto name = names; name != names_.end(); ++name)
            for (auto other = names; other != name; ++other)
                if (name->start == other->start && name->text == other->text) differ = false;
    } else {
        const auto by_text = [](const Name& name) { return name.text; };
        std::ranges::sort(names, names_.end(), {}, by_text);
        differ = std::ranges::adjacent_find(names, names_.end(), {}, by_text) == names_.end();
    }
    names_.erase(names, names_.end());
    return differ || fail(Fault::RepeatedName);
}

bool JsonScanner::word(std::string_view expected) {
    if (!std::string_view(at_, end_).starts_with(expected)) return fail(Fault::Malformed);
    at_ += expected.size();
    return true;
}

bool JsonScanner::number(std::string_view& into) {
    skip_space();
    const char* const start = at_;
    const auto digits = [this] {
        const char* const first = at_;
        while (at_ != end_ && is_digit(*at_)) ++at_;
        return at_ != first;
    };
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0')
        ++at_;
    else if (!digits())
        return fail(Fault::Malformed);
    if (at_ != end_ && *at_ == '.') {
        ++at_;
        if (!digits()) return fail(Fault::Malformed);
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        ++at_;
        if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
        if (!digits()) return fail(Fault::Malformed);
    }
    into = {start, at_};
    return true;
}

std::string_view JsonScanner::take_text() {
    if (!take('"')) return no_text();
    const char* const start = at_;
    for (;;) {
        at_ = plain_end(at_, end_);
        if (at_ == end_) return no_text();
        if (*at_ == '"') return {start, at_++};
        if (*at_ == '\\') return escaped_text(start);
        if (!take_wide()) return no_text();
    }
}

/// From the first escape on; what came before it begins at `start`.
std::string_view JsonScanner::escaped_text(const char* start) {
    std::string out(start, at_);
    for (;;) {
        const char* const plain = at_;
        at_ = plain_end(at_, end_);
        if (at_ == end_) return no_text();
        const bool is_wide = static_cast<unsigned char>(*at_) >= 0x80;
        if (is_wide && !take_wide()) return no_text();
        out.append(plain, at_);
        if (is_wide) continue;
        if (*at_ == '"') break;
        if (*at_ != '\\' || !escape(out)) return no_text();
    }
    ++at_;
    return decoded_.emplace_back(std::move(out));
}

bool JsonScanner::escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (at_ == end_) return false;
    const char letter = *at_++;
    if (const auto found = kLetters.find(letter); found != std::string_view::npos) {
        out += kMeanings[found];
        return true;
    }
    std::uint32_t code = 0;
    if (letter != 'u' || !code_unit(code)) return false;
    if (is_high_surrogate(code)) {
        std::uint32_t low = 0;
        if (!std::string_view(at_, end_).starts_with("\\u")) return false;
        at_ += 2;
        if (!code_unit(low) || !is_low_surrogate(low)) return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (is_low_surrogate(code) || code == 0) {
        return false;
    }
    append_utf8(out, code);
    return true;
}

/// The four digits of \uXXXX.
bool JsonScanner::code_unit(std::uint32_t& unit) {
    constexpr std::size_t kDigits = 4;
    if (static_cast<std::size_t>(end_ - at_) < kDigits) return false;
    unit = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
        const char c = *at_++;
        const char lower = static_cast<char>(c | 0x20);
        if (is_digit(c))
            unit = unit << 4 | static_cast<std::uint32_t>(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            unit = unit << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
        else
            return false;
    }
    return true;
}

/// One character of two to four bytes.
bool JsonScanner::take_wide() {
    const std::size_t length = utf8_length({at_, end_});
    if (length < 2) return false;  // no UTF-8, or a control
    at_ += length;
    return true;
}

bool JsonScanner::at_end() {
    skip_space();
    return at_ == end_;
}

JsonScanner::Mark JsonScanner::mark() {
    skip_space();
    return {at_, depth_, names_.size()};
}

bool JsonScanner::recover(const Mark& mark) {
    at_ = mark.at;
    depth_ = mark.depth;
    fault_ = Fault::None;
    names_.resize(mark.names);
    std::size_t open = 0;
    bool is_in_text = false;
    while (at_ != end_) {
        const char c = *at_++;
        if (is_in_text) {
            if (c == '\\' && at_ != end_)
                ++at_;
            else if (c == '"')
                is_in_text = false;
            continue;
        }
        if (c == '"') is_in_text = true;
        if (c == '{' || c == '[') ++open;
        if ((c == '}' || c == ']') && open > 0) --open;
        if (open == 0) return c == '}' || c == ']' || fail(Fault::Malformed);
    }
    return fail(Fault::Malformed);
}

}  // namespace turnpike
