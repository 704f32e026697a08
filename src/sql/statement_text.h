#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace turnpike::sql {

/// The statements of a migration text, in order, without comments. A statement ends at a ';' that
/// ends its line (a comment may follow). Quotes are respected, so that neither a ';' nor a "--"
/// inside a literal counts.
std::vector<std::string> split_statements(std::string_view text);

/// The beginning of a statement on one line, to name it in an error. Statements carry $1 and $2
/// where values go, so this never shows one.
std::string summary_of(std::string_view sql);

}  // namespace turnpike::sql
