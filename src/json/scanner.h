#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike {

/// Reads JSON text once, front to back, without building values: the fast way beside parse_json,
/// with the same rules (README.md), except that a number is any number of RFC 8259 and comes as its
/// own digits. Texts are views into what is read; only those with escapes are written anew.
///
///     JsonScanner scanner(decoded);
///     scanner.begin(line);
///     const bool good = scanner.object([&](std::string_view name) {
///                           return name == "id" ? scanner.text(id) : scanner.skip();
///                       }) && scanner.at_end();
///
/// Every reading function steps over leading white space and its value, and returns false after a
/// fault, which stays until begin() or recover(). Use one scanner for many texts: it keeps its
/// memory. Not thread-safe.
class JsonScanner {
public:
    static constexpr std::size_t kDepthMax = 32;

    enum class Kind : std::uint8_t { Object, Array, Text, Number, True, False, Null, None };
    enum class Fault : std::uint8_t { None, Malformed, RepeatedName, TooDeep };

    /// Texts with escapes go to `decoded`, which outlives every view.
    explicit JsonScanner(std::list<std::string>& decoded) : decoded_(decoded) {}

    void begin(std::string_view text, std::size_t depth_max = kDepthMax);

    /// What begins here; None at the end, and for what no value begins with.
    Kind kind();
    /// Steps over a value of any kind, as strictly as if it were read.
    bool skip();
    bool text(std::string_view& into) {
        const auto found = take_text();
        into = found;
        return found.data() != nullptr;
    }
    /// The digits as they were sent: [-]digits[.digits][e[+-]digits].
    bool number(std::string_view& into);
    /// Calls `on_member(name)`, which reads or skips the value, for each member. That no name is
    /// repeated is known only at the end.
    template <class OnMember>
    bool object(OnMember&& on_member);
    /// Calls `on_element()`, which reads or skips it, for each element.
    template <class OnElement>
    bool array(OnElement&& on_element);
    /// True when only white space is left.
    bool at_end();

    [[nodiscard]] Fault fault() const { return fault_; }
    /// Bytes read so far; after a fault, those before it.
    [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

    struct Mark {
        const char* at;
        std::size_t depth;
        std::size_t names;
    };
    /// A place to recover() to: in front of a value.
    Mark mark();
    /// After a fault in the object or array at `mark`: steps over it by its brackets alone,
    /// whatever else is wrong in it. False when it has no end.
    bool recover(const Mark& mark);

private:
    struct Name {
        std::uint64_t start;  ///< the first eight bytes
        std::string_view text;
    };

    bool fail(Fault fault) {
        if (fault_ == Fault::None) fault_ = fault;
        return false;
    }
    void skip_space() {
        // Most texts have none, and whatever begins a token is above the space.
        while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ' &&
               (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
            ++at_;
    }
    bool take(char expected) {
        skip_space();
        if (at_ == end_ || *at_ != expected) return false;
        ++at_;
        return true;
    }
    bool open(char bracket);
    /// Without data() after a fault. Comes back in registers: what is written as two words and read
    /// as one soon after is waited for.
    std::string_view take_text();
    std::string_view no_text() {
        fail(Fault::Malformed);
        return {};
    }
    std::string_view take_name();
    bool names_differ(std::size_t first);
    bool word(std::string_view expected);
    std::string_view escaped_text(const char* start);
    bool escape(std::string& out);
    bool code_unit(std::uint32_t& unit);
    bool take_wide();

    std::list<std::string>& decoded_;
    const char* begin_ = nullptr;
    const char* at_ = nullptr;
    const char* end_ = nullptr;
    std::size_t depth_ = 0;
    std::size_t depth_max_ = kDepthMax;
    Fault fault_ = Fault::None;
    std::vector<Name> names_;  ///< of the open objects, outermost first
};

template <class OnMember>
bool JsonScanner::object(OnMember&& on_member) {
    const std::size_t first = names_.size();
    if (!open('{')) return false;
    if (!take('}')) {
        do {
            const std::string_view name = take_name();
            if (name.data() == nullptr) return false;
            if (!on_member(name)) return fail(Fault::Malformed);
        } while (take(','));
        if (!take('}')) return fail(Fault::Malformed);
    }
    --depth_;
    return names_differ(first);
}

template <class OnElement>
bool JsonScanner::array(OnElement&& on_element) {
    if (!open('[')) return false;
    if (!take(']')) {
        do {
            if (!on_element()) return fail(Fault::Malformed);
        } while (take(','));
        if (!take(']')) return fail(Fault::Malformed);
    }
    --depth_;
    return true;
}

}  // namespace turnpike
