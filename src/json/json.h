#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"

namespace turnpike {

/// Keeps members in the order they were written, so that answers read as documented.
/// Include "json/value.h" (1.5 s of compile time) only in .cc files that touch members.
using Json = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t depth_max = 32;
    std::size_t bytes_max = std::size_t{8} << 20;
};

/// Strict RFC 8259: no comments, no trailing bytes, no duplicate member names, no invalid UTF-8, no
/// number outside int64/uint64/finite double.
/// Errors: InvalidArgument "json.invalid" with the byte offset in the message.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Compact text. Never throws: strings that are not UTF-8 get replacement characters.
std::string to_text(const Json& json);
/// Two-space indentation, as Stripe sends webhook bodies.
std::string to_pretty_text(const Json& json);

}  // namespace turnpike
