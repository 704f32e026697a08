#pragma once

#include <source_location>
#include <string_view>

namespace turnpike {

/// A programmer's promise, on in every build. Prints where and what, then aborts: a process whose
/// own promises are broken must not go on moving money.
void check(bool holds, std::string_view promise,
           std::source_location where = std::source_location::current());

}  // namespace turnpike
