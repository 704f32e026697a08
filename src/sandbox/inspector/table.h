#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike::twin {

/// A table of the inspector's; on a screen too narrow for columns its cells stand below each other,
/// each with its column's name.
class Table {
public:
    enum class Shape : std::uint8_t {
        Text,
        Whole,   ///< an id or a time: not broken over lines
        Number,  ///< set to the right, its head too
    };
    struct Column {
        std::string_view name;
        Shape shape = Shape::Text;
    };
    Table(std::initializer_list<Column> columns) : columns_(columns) {}

    /// Cells are HTML, one for each column.
    void add(std::initializer_list<std::string> cells);
    /// `if_empty`, as text, in place of a table without rows.
    [[nodiscard]] std::string html(std::string_view if_empty) const;

private:
    std::vector<Column> columns_;
    std::string rows_;
};

}  // namespace turnpike::twin
