#pragma once

#include <functional>
#include <string>
#include <variant>

#include "base/error.h"

namespace turnpike::sql::sqlite {

/// Copies an SQLite database that a server may be using, as it is at one moment, to the new file
/// `to`. `at_that_moment` is called when the moment is fixed and nothing is copied yet; its error
/// ends the copy. The server is not held up; its log of pages grows meanwhile. It takes no lock.
/// Errors: Unavailable "database.unreachable".
Result<std::monostate> copy_database(const std::string& from, const std::string& to,
                                     const std::function<Result<std::monostate>()>& at_that_moment);

}  // namespace turnpike::sql::sqlite
