#include "json/json.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "json/object_text.h"
#include "json/value.h"

namespace turnpike {
namespace {

/// Reads the text for the parser and remembers how far it came, because the parser tells its
/// handler what it found but not where.
class Cursor {
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
    reference operator*() const { return *at_; }
    Cursor& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    Cursor operator++(int) {
        const Cursor before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }

private:
    const char* at_;
    const char** reached_;
};

/// Builds the value and refuses what the parser itself would let pass: depth, repeated member
/// names, integers that turned into fractions, NUL characters. Every handler returns whether
/// parsing may go on.
class Builder {
public:
    explicit Builder(std::size_t depth_max) : depth_max_(depth_max) {}

    Json take() { return std::move(root_); }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

    bool null() { return add(nullptr); }
    bool boolean(bool value) { return add(value); }
    bool number_integer(Json::number_integer_t value) { return add(value); }
    bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
    bool number_float(Json::number_float_t value, const std::string& text) {
        if (text.find_first_of(".eE") == std::string::npos)
            return refuse("an integer does not fit 64 bits");
        return add(value);
    }
    bool string(std::string& value) {
        if (value.contains('\0')) return refuse("a text holds U+0000");
        return add(std::move(value));
    }
    bool binary(Json::binary_t& /*value*/) { return refuse("binary values do not exist"); }
    bool key(std::string& name) {
        if (name.contains('\0')) return refuse("a member name holds U+0000");
        key_ = std::move(name);
        return true;
    }
    bool start_object(std::size_t /*count*/) { return open(Json::object()); }
    bool start_array(std::size_t /*count*/) { return open(Json::array()); }
    bool end_array() {
        open_.pop_back();
        return true;
    }
    bool end_object() {
        const Json* const object = open_.back();
        open_.pop_back();
        return names_differ(object->get_ref<const Json::object_t&>());
    }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const Json::exception& /*error*/) {
        return refuse("the text is not valid JSON");
    }

private:
    bool refuse(std::string complaint) {
        if (complaint_.empty()) complaint_ = std::move(complaint);
        return false;
    }

    Json& place(Json value) {
        if (open_.empty()) return root_ = std::move(value);
        if (open_.back()->is_array())
            return open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
        // Straight into the underlying vector: its own insertion searches all members first.
        auto& members = open_.back()->get_ref<Json::object_t&>();
        return members.emplace_back(std::move(key_), std::move(value)).second;
    }
    bool add(Json value) {
        place(std::move(value));
        return true;
    }
    bool open(Json container) {
        if (open_.size() >= depth_max_) return refuse("it is nested too deeply");
        open_.push_back(&place(std::move(container)));
        return true;
    }

    /// Sorting keeps an object of a million members cheap; comparing pairs, or hashing with a seed
    /// the sender knows, would not.
    bool names_differ(const Json::object_t& members) {
        names_.clear();
        for (const auto& [name, value] : members) names_.push_back(name);
        std::ranges::sort(names_);
        if (std::ranges::adjacent_find(names_) == names_.end()) return true;
        return refuse("a member name is repeated in one object");
    }

    std::size_t depth_max_;
    Json root_;
    std::vector<Json*> open_;
    std::string key_;
    std::vector<std::string_view> names_;
    std::string complaint_;
};

std::unexpected<Error> invalid(std::string_view complaint, std::size_t offset) {
    return invalid_argument("json.invalid",
                            std::string(complaint) + ", at byte " + std::to_string(offset));
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string dumped(const Json& json, int indentation) {
    return json.dump(indentation, ' ', false, Json::error_handler_t::replace);
}

void write(const Json& json, std::string& out);

void write(const Json::object_t& object, std::string& out) {
    out += '{';
    for (const auto& [name, value] : object) {
        if (out.back() != '{') out += ',';
        append_text(out, name);
        out += ':';
        write(value, out);
    }
    out += '}';
}

/// The library's writer looks at every character with care; most texts need none.
void write(const Json& json, std::string& out) {
    switch (json.type()) {
        case Json::value_t::object: return write(json.get_ref<const Json::object_t&>(), out);
        case Json::value_t::string: return append_text(out, json.get_ref<const std::string&>());
        case Json::value_t::array: {
            out += '[';
            for (const Json& element : json) {
                if (out.back() != '[') out += ',';
                write(element, out);
            }
            out += ']';
            return;
        }
        case Json::value_t::boolean: out += json.get<bool>() ? "true" : "false"; return;
        case Json::value_t::number_integer: out += std::to_string(json.get<std::int64_t>()); return;
        case Json::value_t::number_unsigned:
            out += std::to_string(json.get<std::uint64_t>());
            return;
        default: out += dumped(json, -1);
    }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes_max) return invalid("the text is too long", limits.bytes_max);
    if (text.starts_with(kByteOrderMark))
        return invalid("the text begins with a byte order mark", 0);
    // The parser takes a NUL byte for the end of its input.
    if (const auto nul = text.find('\0'); nul != std::string_view::npos)
        return invalid("the text holds a NUL byte", nul);

    const char* reached = text.data();
    const Cursor first(text.data(), &reached), last(text.data() + text.size(), &reached);
    Builder builder(limits.depth_max);
    if (Json::sax_parse(first, last, &builder)) return builder.take();
    return invalid(builder.complaint(), static_cast<std::size_t>(reached - text.data()));
}

std::string to_text(const Json& json) {
    std::string text;
    write(json, text);
    return text;
}
std::string to_pretty_text(const Json& json) { return dumped(json, 2); }

}  // namespace turnpike
