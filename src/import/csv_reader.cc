#include "import/csv_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/utf8.h"

namespace turnpike {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::unexpected<Error> bad_csv(std::size_t line, std::string_view what) {
    return invalid_argument("import.bad_csv", fmt::format("line {}: {}", line, what));
}

struct Record {
    std::size_t line = 1;  ///< on which it begins
    std::vector<std::optional<std::string>> fields;
};

/// Takes records off the front of the text, and counts lines.
class Records {
public:
    explicit Records(std::string_view text) : left_(text) {}

    [[nodiscard]] bool at_end() const { return left_.empty(); }
    /// One record with the end of its line.
    Result<Record> next() {
        Record record{line_, {}};
        const std::size_t before = left_.size();
        for (;;) {
            auto field = left_.starts_with('"') ? quoted() : plain();
            if (!field) return failure(field);
            record.fields.emplace_back(*std::move(field));
            if (before - left_.size() > kCsvRowBytesMax)
                return bad_csv(record.line, "a row has more than 64 KiB");
            if (take(",")) continue;
            if (left_.empty() || take("\r\n") || take("\n")) {
                ++line_;
                return record;
            }
            return bad_csv(line_, "text stands behind a closing quote");
        }
    }

private:
    bool take(std::string_view word) {
        if (!left_.starts_with(word)) return false;
        left_.remove_prefix(word.size());
        return true;
    }
    Result<std::string> plain() {
        const auto end = std::min(left_.find_first_of(",\n"), left_.size());
        auto field = left_.substr(0, end);
        const bool at_line_end = end < left_.size() && left_[end] == '\n';
        if (at_line_end && field.ends_with('\r')) field.remove_suffix(1);
        if (field.contains('"'))
            return bad_csv(line_, "a quote stands in a field without quotes around it");
        if (field.contains('\r')) return bad_csv(line_, "a carriage return stands alone");
        left_.remove_prefix(field.size());
        return std::string(field);
    }
    Result<std::string> quoted() {
        const std::size_t begin = line_;
        left_.remove_prefix(1);
        std::string field;
        for (;;) {
            const auto end = left_.find('"');
            if (end == std::string_view::npos) return bad_csv(begin, "a quote is never closed");
            field += left_.substr(0, end);
            line_ += static_cast<std::size_t>(std::ranges::count(left_.substr(0, end), '\n'));
            left_.remove_prefix(end + 1);
            if (!take("\"")) return field;
            field += '"';
        }
    }

    std::string_view left_;
    std::size_t line_ = 1;
};

bool is_blank(const Record& record) {
    return record.fields.size() == 1 && record.fields.front()->empty();
}

Result<std::vector<std::string>> columns_of(const Record& header) {
    std::vector<std::string> columns;
    for (const auto& field : header.fields) {
        if (field->empty()) return bad_csv(header.line, "a column has no name");
        if (std::ranges::find(columns, *field) != columns.end())
            return bad_csv(header.line, "two columns are named '" + *field + "'");
        columns.push_back(*field);
    }
    return columns;
}

/// Of the first thing in the text that no CSV of ours may hold.
Result<std::monostate> check_bytes(std::string_view text) {
    for (std::size_t line = 1; !text.empty(); ++line) {
        const auto one = text.substr(0, text.find('\n'));
        if (!is_utf8(one)) return bad_csv(line, "the bytes are not UTF-8");
        if (one.contains('\0')) return bad_csv(line, "a NUL stands in the text");
        text.remove_prefix(std::min(one.size() + 1, text.size()));
    }
    return std::monostate{};
}

}  // namespace

Result<TextTable> read_csv(std::string_view name, std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (const auto good = check_bytes(text); !good) return failure(good);
    Records records(text);
    TextTable table{std::string(name), {}, {}};
    while (!records.at_end()) {
        auto record = records.next();
        if (!record) return failure(record);
        if (is_blank(*record)) continue;
        if (table.columns.empty()) {
            auto columns = columns_of(*record);
            if (!columns) return failure(columns);
            table.columns = *std::move(columns);
            continue;
        }
        if (record->fields.size() != table.columns.size())
            return bad_csv(record->line, fmt::format("{} fields, and the header has {}",
                                                     record->fields.size(), table.columns.size()));
        table.rows.push_back(
            {fmt::format("{} line {}", name, record->line), std::move(record->fields)});
    }
    if (table.columns.empty()) return bad_csv(1, "there is no header");
    return table;
}

}  // namespace turnpike
