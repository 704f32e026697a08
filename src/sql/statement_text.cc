#include "sql/statement_text.h"

#include <algorithm>
#include <cstddef>

namespace turnpike::sql {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::size_t kSummaryMax = 100;

bool ends_its_line(std::string_view text, std::size_t after) {
    const auto next = text.find_first_not_of(" \t\r", after);
    if (next == std::string_view::npos || text[next] == '\n') return true;
    return text.substr(next).starts_with("--");
}

void keep(std::vector<std::string>& statements, std::string_view statement) {
    const auto first = statement.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return;
    const auto last = statement.find_last_not_of(kBlank);
    statements.emplace_back(statement.substr(first, last - first + 1));
}

}  // namespace

std::vector<std::string> split_statements(std::string_view text) {
    std::vector<std::string> statements;
    std::string current;
    char quote = 0;  // the quote we are inside of; a doubled one leaves and enters again
    for (std::size_t i = 0; i < text.size();) {
        const auto next = quote != 0 ? text.find(quote, i) : text.find_first_of("-;'\"", i);
        current.append(text.substr(i, next - i));
        if (next == std::string_view::npos) break;
        const char c = text[next];
        i = next + 1;
        if (quote == 0 && text.substr(next).starts_with("--")) {
            i = std::min(text.find('\n', next), text.size());
        } else if (quote == 0 && c == ';' && ends_its_line(text, i)) {
            keep(statements, current);
            current.clear();
        } else {
            if (quote != 0)
                quote = 0;
            else if (c == '\'' || c == '"')
                quote = c;
            current += c;
        }
    }
    keep(statements, current);
    return statements;
}

std::string summary_of(std::string_view sql) {
    std::string summary;
    bool gap = false;
    for (const char c : sql) {
        if (kBlank.contains(c)) {
            gap = !summary.empty();
            continue;
        }
        if (summary.size() >= kSummaryMax) return summary + " ...";
        if (gap) summary += ' ';
        gap = false;
        summary += c;
    }
    return summary;
}

}  // namespace turnpike::sql
