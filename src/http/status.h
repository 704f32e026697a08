#pragma once

#include <string_view>

namespace turnpike::http {

/// The registered phrase: "Not Found"; "Unknown" for a status we never send.
std::string_view reason_phrase(int status);

}  // namespace turnpike::http
