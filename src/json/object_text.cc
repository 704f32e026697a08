#include "json/object_text.h"

#include <utility>

#include "json/value.h"

namespace turnpike {
namespace {

/// Holds most answers without growing.
constexpr std::size_t kRoomBytes = 512;

/// True when each character stands for itself in a string. Without a way out in the middle, so that
/// the compiler takes many at a time.
bool is_plain(std::string_view text) {
    bool is_other = false;
    for (const char c : text) {
        const auto code = static_cast<signed char>(c);  // beyond ASCII: negative
        is_other |= (code < ' ') | (code == '"') | (code == '\\');
    }
    return !is_other;
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
    if (is_plain(text))
        out.append(1, '"').append(text).append(1, '"');
    else
        out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void ObjectText::begin(std::string_view name) {
    if (text_.empty()) text_.reserve(kRoomBytes);
    text_.append(1, text_.empty() ? '{' : ',').append(1, '"').append(name).append("\":");
}

ObjectText& ObjectText::text(std::string_view name, std::string_view value) {
    begin(name);
    append_text(text_, value);
    return *this;
}

ObjectText& ObjectText::flag(std::string_view name, bool value) {
    begin(name);
    text_ += value ? "true" : "false";
    return *this;
}

ObjectText& ObjectText::number(std::string_view name, std::int64_t value) {
    begin(name);
    text_ += std::to_string(value);
    return *this;
}

ObjectText& ObjectText::json(std::string_view name, const Json& value) {
    begin(name);
    text_ += to_text(value);
    return *this;
}

std::string ObjectText::take() {
    if (text_.empty()) text_ += '{';
    text_ += '}';
    return std::move(text_);
}

}  // namespace turnpike
