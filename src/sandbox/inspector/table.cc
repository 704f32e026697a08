#include "sandbox/inspector/table.h"

#include <fmt/format.h>

#include "base/check.h"
#include "sandbox/html.h"

namespace turnpike::twin {
namespace {

std::string_view class_of(Table::Shape shape) {
    switch (shape) {
        case Table::Shape::Text: return "";
        case Table::Shape::Whole: return " class=\"whole\"";
        case Table::Shape::Number: return " class=\"amount\"";
    }
    return "";
}

}  // namespace

void Table::add(std::initializer_list<std::string> cells) {
    check(cells.size() == columns_.size(), "every column has a cell");
    rows_ += "<tr>";
    const auto* column = columns_.data();
    for (const auto& cell : cells) {
        rows_ += fmt::format("<td data-name=\"{}\"{}>{}</td>", column->name,
                             class_of(column->shape), cell);
        ++column;
    }
    rows_ += "</tr>";
}

std::string Table::html(std::string_view if_empty) const {
    if (rows_.empty()) return fmt::format("<p class=\"soft\">{}</p>\n", escape_html(if_empty));
    std::string head;
    for (const auto& column : columns_)
        head += fmt::format("<th scope=\"col\"{}>{}</th>", class_of(column.shape), column.name);
    return "<table class=\"stacked\"><thead><tr>" + head + "</tr></thead><tbody>" + rows_ +
           "</tbody></table>\n";
}

}  // namespace turnpike::twin
