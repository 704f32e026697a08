#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike {

/// A table of somebody else's as it was read: everything is text, as of a CSV file and of a
/// database whose columns may hold anything.
struct TextTable {
    struct Row {
        std::string place;  ///< where people find it: "subscriptions 17", "line 5"
        std::vector<std::optional<std::string>> cells;  ///< one for each column; absent: NULL
    };
    std::string name;  ///< "subscriptions"; "" of a file
    std::vector<std::string> columns;
    std::vector<Row> rows;

    [[nodiscard]] bool has(std::string_view column) const;
    /// The cell's text without white space around it; nullopt for NULL, for a text of nothing else,
    /// and where there is no such column.
    [[nodiscard]] std::optional<std::string> text(const Row& row, std::string_view column) const;
};

}  // namespace turnpike
