#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace turnpike {

/// The key of an Idempotency-Key header: a string of RFC 8941 ("abc"), or the same bare (abc);
/// 1 to 255 characters of printable ASCII.
/// Errors: InvalidArgument "idempotency.key_malformed".
Result<std::string> read_idempotency_key(std::string_view header);

/// SHA-256 (hexadecimal) of what is asked for. Bodies of JSON count by their meaning: neither the
/// order of members nor white space makes another request.
std::string request_fingerprint(std::string_view query, std::string_view body);

/// SHA-256 (hexadecimal) of who asks for what under which key: keys of different callers, methods
/// and paths never meet.
struct KeyScope {
    std::string_view principal, method, path, key;
};
std::string scope_digest(const KeyScope& scope);

}  // namespace turnpike
