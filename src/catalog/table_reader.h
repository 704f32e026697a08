#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/error.h"

namespace turnpike {

using FileLine = toml::source_index;

/// Every complaint of one catalog file, in the order of the file's lines.
class FileComplaints {
public:
    void add(FileLine line, std::string code, std::string detail) {
        found_.push_back({{line, found_.size()}, std::move(code), std::move(detail)});
    }
    void add(const toml::node& where, std::string code, std::string detail) {
        add(where.source().begin.line, std::move(code), std::move(detail));
    }
    [[nodiscard]] bool empty() const { return found_.empty(); }

    /// "presets/x.toml:31: 'rank' is missing; presets/x.toml:40: ...", and each of them as a field.
    Error take(std::string_view file);

private:
    struct Found {
        std::pair<FileLine, std::size_t> position;  ///< line, then order of arrival
        std::string code, detail;
    };
    std::vector<Found> found_;
};

/// Reads one table of a catalog file, remembers which keys were asked for, and complains about the
/// others. A value that is complained about reads as something harmless. Holds references.
class TableReader {
public:
    TableReader(const toml::table& table, FileComplaints& complaints)
        : table_(table), complaints_(complaints) {}

    /// 1 to 255 bytes.
    std::string text(std::string_view name);
    /// What people read, by the rule of base/free_text.h: 1 to 255 code points.
    std::string free_text(std::string_view name);
    /// The name of a plan or meter.
    std::string key(std::string_view name);
    /// One of the words that `parse` knows and `known` tells; `fallback` after a complaint.
    template <class T>
    T word(std::string_view name, std::optional<T> (*parse)(std::string_view), T fallback,
           std::string_view known) {
        const std::string found = text(name);
        const auto parsed = parse(found);
        if (!parsed && !found.empty())
            complain_of(name, "unknown_value", fmt::format("must be {}, not '{}'", known, found));
        return parsed.value_or(fallback);
    }
    /// A whole number; TOML fractions are refused, they have lost digits before we see them.
    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
    /// A decimal text, not negative.
    template <class T>
    T decimal(std::string_view name, T max) {
        const std::string found = text(name);
        if (found.empty()) return {};
        const auto parsed = T::parse(found);
        if (parsed && *parsed >= T{} && *parsed <= max) return *parsed;
        complain_of(
            name, "bad_decimal",
            fmt::format("must be a decimal text from 0 to {} with at most {} fraction digits",
                        max.text(), T::kScale));
        return {};
    }
    bool flag(std::string_view name);
    /// What is none of these, or too long a text, reads as monostate.
    using Scalar = std::variant<std::monostate, bool, std::int64_t, std::string>;
    Scalar scalar(std::string_view name);
    bool has(std::string_view name) { return optional(name) != nullptr; }
    /// An array of `most` different texts at most, none empty; it may be absent.
    std::vector<std::string> texts(std::string_view name, std::size_t most);
    /// Where the member stands, or its table when it is absent.
    [[nodiscard]] FileLine line(std::string_view name) const {
        const toml::node* node = table_.get(name);
        return (node == nullptr ? table_ : *node).source().begin.line;
    }
    /// Every key of the table, in order, as one that is known: whoever calls gives them meaning.
    std::vector<std::string> names();

    /// Calls `read(TableReader&)` for each table of the array `name`, which may be absent.
    template <class Read>
    void each(std::string_view name, Read read) {
        for (const toml::table* row : tables(name)) read_all(*row, read);
    }
    /// Calls `read(TableReader&)` for the table `name`, which may be absent.
    template <class Read>
    void inner(std::string_view name, Read read) {
        if (const toml::table* table = inner_table(name)) read_all(*table, read);
    }
    void refuse_unknown();
    /// About the table.
    void complain(std::string code, std::string detail) {
        complaints_.add(table_, std::move(code), std::move(detail));
    }
    /// About a member that is there: "'name' must be ...".
    void complain_of(std::string_view name, std::string code, const std::string& detail);

private:
    template <class Read>
    void read_all(const toml::table& table, Read& read) {
        TableReader reader(table, complaints_);
        read(reader);
        reader.refuse_unknown();
    }
    const toml::node* optional(std::string_view name);
    const toml::node* required(std::string_view name);
    std::vector<const toml::table*> tables(std::string_view name);
    const toml::table* inner_table(std::string_view name);

    const toml::table& table_;
    FileComplaints& complaints_;
    std::set<std::string, std::less<>> known_;
};

}  // namespace turnpike
