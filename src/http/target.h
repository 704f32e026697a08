#pragma once

#include <optional>
#include <string_view>

#include "http/message.h"

namespace turnpike::http {

/// Why the edge refuses a request before any handler sees it. All texts are literals.
struct Refusal {
    int status;
    std::string_view code;
    std::string_view detail;
};

/// Fills target, path and query of a request whose method is set. The absolute form is stripped to
/// the origin form (RFC 9112, 3.2.2); "*" belongs to OPTIONS alone. Refuses bytes outside
/// printable ASCII, fragments, broken escapes, and query values that are not UTF-8.
std::optional<Refusal> read_target(std::string_view raw, Request& request);

/// A Host header's value: a non-empty host with an optional port, nothing else.
bool is_host(std::string_view text);

}  // namespace turnpike::http
