#pragma once

#include <string>

#include "json/json.h"

namespace turnpike::twin {

/// What tells an object from others of its kind, of what its document has: a name, an e-mail
/// address or a URL, an amount. Not escaped.
std::string about_of(const Json& document);

/// When an object whose document says nothing of its creation began: "2026-03-01T12:00:00Z"; ""
/// where it says nothing of that either.
std::string begun_text(const Json& document);

}  // namespace turnpike::twin
