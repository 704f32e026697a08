#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/error.h"

namespace turnpike {

/// Of `turnpike up`, in its folder: what it signs users' tokens with.
inline constexpr const char* kJwtSecretFile = "jwt_secret";

/// Makes the directory if it is missing, readable by its owner only.
/// Errors: Unavailable "data.unusable", naming the directory and the reason.
Result<std::monostate> prepare_data_dir(const std::string& dir);

/// The text of `dir/name`, or what `make` returns, then kept there (mode 0600). Safe against two
/// processes at once: the file appears complete or not at all, and the first one stays.
/// Errors: Unavailable "data.unusable".
Result<std::string> load_or_make_secret(const std::string& dir, const std::string& name,
                                        std::size_t bytes);

/// The whole file; nullopt when there is none, or it is a directory.
std::optional<std::string> read_text_file(const std::string& path);
/// Adds one line, durable when this comes back (mode 0600). Errors: Unavailable "data.unusable".
Result<std::monostate> append_line(const std::string& path, const std::string& line);
/// Replaces the file atomically (mode 0600). Errors: Unavailable "data.unusable".
Result<std::monostate> write_text_file(const std::string& path, const std::string& text);

}  // namespace turnpike
