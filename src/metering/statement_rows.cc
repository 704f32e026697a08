#include "metering/statement_rows.h"

namespace turnpike {

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
    constexpr std::size_t kRowsMax = 64;
    std::vector<std::size_t> chunks;
    for (std::size_t size = kRowsMax; size > 0; size /= 2) {
        while (count >= size) {
            chunks.push_back(size);
            count -= size;
        }
    }
    return chunks;
}

}  // namespace turnpike
