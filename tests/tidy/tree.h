#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike::tidy {

/// One file of the project, as text.
struct File {
    std::string path;  ///< from the top folder: "src/base/money.h"
    std::string text;
};

/// What is wrong, where: "src/base/money.h:12: ...".
using Complaints = std::vector<std::string>;

/// Every text file below `folder` (from the top folder; "." for all), without what is built or
/// downloaded (build/, node_modules/, dist/, .git/). Sorted by path.
std::vector<File> files_below(std::string_view folder);
/// Only those whose name ends with one of the endings.
std::vector<File> ending(std::vector<File> files, const std::vector<std::string_view>& endings);

bool is_test(std::string_view path);
/// The folder below src/: "base" for "src/base/money.h", "" outside src/.
std::string module_of(std::string_view path);

/// C++ with comments, string literals and character literals replaced by spaces; lines stay lines.
std::string code_of(std::string_view text);
/// C++ with comments only replaced by spaces.
std::string without_comments(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);
std::size_t line_at(std::string_view text, std::size_t offset);

struct Hit {
    std::size_t line;
    std::vector<std::string> groups;  ///< the whole match, then its groups
};
/// Every match of an ECMAScript regular expression, line by line.
std::vector<Hit> hits(std::string_view text, const std::string& pattern);
/// The same over the whole text, so that a match may span lines.
std::vector<Hit> hits_across_lines(std::string_view text, const std::string& pattern);

std::string at(const File& file, std::size_t line, std::string_view message);
/// One complaint per line, for a failure message.
std::string joined(const Complaints& complaints);

}  // namespace turnpike::tidy
