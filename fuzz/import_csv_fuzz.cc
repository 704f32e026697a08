// Any bytes as a CSV file of customers, and the same as one of subscriptions: what is read is the
// same when it is written with quotes everywhere and read again, and every row is accounted for.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "import/csv_reader.h"
#include "import/csv_shape.h"

namespace {

using namespace turnpike;

void put_record(std::string& text, const std::vector<std::optional<std::string>>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        text += i > 0 ? ",\"" : "\"";
        for (const char c : *fields[i]) text.append(c == '"' ? 2 : 1, c);
        text += '"';
    }
    text += "\r\n";
}

std::string written(const TextTable& table) {
    std::string text;
    put_record(text, {table.columns.begin(), table.columns.end()});
    for (const auto& row : table.rows) put_record(text, row.cells);
    return text;
}

/// A row with nothing in it is passed over when it has one column: quotes make no difference.
bool has_same_rows(const TextTable& a, const TextTable& b) {
    if (a.columns != b.columns || a.rows.size() != b.rows.size()) return false;
    for (std::size_t i = 0; i < a.rows.size(); ++i)
        if (a.rows[i].cells != b.rows[i].cells) return false;
    return true;
}

void check_remarks(const ForeignLedger& ledger) {
    for (const auto& customer : ledger.customers) {
        bool refused = false;
        for (const auto& remark : customer.remarks) {
            refused |= remark.kind == Remark::Kind::Refused;
            check(is_utf8(remark.detail), "a remark can be printed");
            check(remark.detail.find_first_of("\n\r\x1B") == std::string::npos,
                  "a remark is one line");
        }
        check(refused == customer.is_refused, "who is refused is told why");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const auto table = read_csv("customers", std::string_view(bytes, size));
    if (!table) return 0;
    const auto text = written(*table);
    const auto again = read_csv("customers", text);
    // Quotes make a row longer, and that alone may be too much.
    check(again ? has_same_rows(*table, *again) : text.size() > kCsvRowBytesMax,
          "what was read is what was written");
    const Instant now = *parse_rfc3339("2026-11-20T12:00:00Z");
    for (const auto& files : {CustomerFiles{*table, {}}, CustomerFiles{{}, *table}})
        if (const auto ledger = read_customer_files(files, now)) {
            check(ledger->rows == table->rows.size(), "every row is somebody's");
            check_remarks(*ledger);
        }
    return 0;
}
