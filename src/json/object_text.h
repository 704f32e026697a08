#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike {

/// Appends a text as to_text() writes it, with its quotes.
void append_text(std::string& out, std::string_view text);

/// Writes an object as text, member by member, where answers are so many that building a Json first
/// would be most of their cost. The text is that of to_text(); whoever writes it names each member
/// once.
///
///     return ObjectText().text("object", "usage").flag("allowed", true).take();
class ObjectText {
public:
    /// `name` is ours: plain ASCII without quotes and backslashes.
    ObjectText& text(std::string_view name, std::string_view value);
    ObjectText& flag(std::string_view name, bool value);
    ObjectText& number(std::string_view name, std::int64_t value);
    ObjectText& json(std::string_view name, const Json& value);

    /// The object; nothing is added after it.
    [[nodiscard]] std::string take();

private:
    void begin(std::string_view name);

    std::string text_;
};

}  // namespace turnpike
