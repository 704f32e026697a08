#pragma once

#include <string_view>

namespace turnpike {

/// A text file that was compiled into the program; see cmake/Embed.cmake. Both views last as long
/// as the program.
struct EmbeddedFile {
    std::string_view name;  ///< without a folder: "0001_ledger.sql"
    std::string_view text;
};

}  // namespace turnpike
