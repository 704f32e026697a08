#include "import/text_table.h"

#include <algorithm>

namespace turnpike {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

bool TextTable::has(std::string_view column) const {
    return std::ranges::find(columns, column) != columns.end();
}

std::optional<std::string> TextTable::text(const Row& row, std::string_view column) const {
    const auto found = std::ranges::find(columns, column);
    if (found == columns.end()) return std::nullopt;
    const auto& cell = row.cells[static_cast<std::size_t>(found - columns.begin())];
    if (!cell) return std::nullopt;
    const auto first = cell->find_first_not_of(kBlank);
    if (first == std::string::npos) return std::nullopt;
    return cell->substr(first, cell->find_last_not_of(kBlank) - first + 1);
}

}  // namespace turnpike
