#include "sql/statement_rows.h"

#include <iterator>
#include <span>
#include <utility>

#include "base/check.h"

namespace turnpike::sql {

std::string value_rows(std::size_t rows, std::size_t columns) {
    std::string text;
    std::size_t number = 1;
    for (std::size_t row = 0; row < rows; ++row) {
        text += row == 0 ? "(" : ", (";
        for (std::size_t column = 0; column < columns; ++column) {
            text += column == 0 ? "$" : ", $";
            text += std::to_string(number++);
        }
        text += ")";
    }
    return text;
}

std::vector<std::size_t> row_chunks(std::size_t count) {
    std::vector<std::size_t> chunks;
    for (std::size_t size = kChunkRowsMax; size > 0; size /= 2) {
        while (count >= size) {
            chunks.push_back(size);
            count -= size;
        }
    }
    return chunks;
}

void InsertRows::add(std::initializer_list<Value> row) {
    check(columns_ == 0 || columns_ == row.size(), "all rows have the same columns");
    columns_ = row.size();
    values_.insert(values_.end(), row);
    if (values_.size() == kChunkRowsMax * columns_) insert(kChunkRowsMax);
}

std::vector<Row> InsertRows::finish() {
    if (columns_ > 0)
        for (const std::size_t rows : row_chunks(values_.size() / columns_)) insert(rows);
    return std::exchange(returned_, {});
}

/// The first ones.
void InsertRows::insert(std::size_t rows) {
    const auto count = static_cast<std::ptrdiff_t>(rows * columns_);
    const std::string text = std::string(head_) + value_rows(rows, columns_) + std::string(tail_);
    auto returned = tx_.all(text, std::span(values_).first(rows * columns_));
    std::move(returned.begin(), returned.end(), std::back_inserter(returned_));
    values_.erase(values_.begin(), values_.begin() + count);
}

}  // namespace turnpike::sql
