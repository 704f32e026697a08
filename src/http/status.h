#pragma once

#include <string_view>

namespace turnpike::http {

/// A handler's answer that closes the connection without a word, as nginx has it.
inline constexpr int kNoAnswer = 444;

/// The registered phrase: "Not Found"; "Unknown" for a status we never send.
std::string_view reason_phrase(int status);

}  // namespace turnpike::http
