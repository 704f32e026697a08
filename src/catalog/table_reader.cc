#include "catalog/table_reader.h"

#include <algorithm>
#include <utility>

#include "base/free_text.h"

namespace turnpike {
namespace {

constexpr std::size_t kRowsMax = 1'000;
constexpr std::size_t kTextMax = 255;
/// The message tells so many complaints; `fields` has them all.
constexpr std::size_t kComplaintsTold = 10;

bool is_key(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, plain);
}

/// nullptr when it is no text of 1 to 255 bytes.
const std::string* text_of(const toml::node& node) {
    const auto* value = node.as_string();
    if (value == nullptr || value->get().empty() || value->get().size() > kTextMax) return nullptr;
    return &value->get();
}

}  // namespace

Error FileComplaints::take(std::string_view file) {
    std::ranges::sort(found_, {}, &Found::position);
    Error error{ErrorCode::InvalidArgument, "catalog.bad_file", ""};
    for (Found& one : found_) {
        const FileLine line = one.position.first;
        if (error.fields.size() < kComplaintsTold)
            error.message += fmt::format("{}{}:{}: {}", error.message.empty() ? "" : "; ", file,
                                         line, one.detail);
        error.fields.push_back(
            {fmt::format("line {}", line), std::move(one.code), std::move(one.detail)});
    }
    if (found_.size() > kComplaintsTold)
        error.message += fmt::format("; and {} more", found_.size() - kComplaintsTold);
    return error;
}

std::string TableReader::text(std::string_view name) {
    const toml::node* node = required(name);
    if (node == nullptr) return {};
    const std::string* found = text_of(*node);
    if (found != nullptr) return *found;
    complain_of(name, "wrong_type", "must be a text of 1 to 255 bytes");
    return {};
}

std::string TableReader::free_text(std::string_view name) {
    const toml::node* node = required(name);
    if (node == nullptr) return {};
    const auto* value = node->as_string();
    if (value == nullptr) {
        complain_of(name, "wrong_type", "must be a text");
        return {};
    }
    auto text = read_free_text(value->get(), {.length_max = kTextMax});
    if (text) return std::move(*text);
    complain_of(name, "bad_text", text.error().detail);
    return {};
}

std::string TableReader::key(std::string_view name) {
    std::string found = text(name);
    if (!found.empty() && !is_key(found))
        complain_of(name, "bad_key", "may hold a-z, 0-9, '_' and '-', at most 64 of them");
    return found;
}

std::int64_t TableReader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const toml::node* node = required(name);
    if (node == nullptr) return min;
    const auto* value = node->as_integer();
    if (value != nullptr && value->get() >= min && value->get() <= max) return value->get();
    complain_of(name, "out_of_range",
                fmt::format("must be a whole number from {} to {}", min, max));
    return min;
}

bool TableReader::flag(std::string_view name) {
    const toml::node* node = optional(name);
    if (node == nullptr) return false;
    const auto* value = node->as_boolean();
    if (value == nullptr) complain_of(name, "wrong_type", "must be true or false");
    return value != nullptr && value->get();
}

TableReader::Scalar TableReader::scalar(std::string_view name) {
    const toml::node* node = optional(name);
    if (node == nullptr) return {};
    if (const auto* flag = node->as_boolean()) return flag->get();
    if (const auto* number = node->as_integer()) return number->get();
    if (const std::string* text = text_of(*node)) return *text;
    return {};
}

std::vector<std::string> TableReader::texts(std::string_view name, std::size_t most) {
    std::vector<std::string> found;
    const toml::node* node = optional(name);
    if (node == nullptr) return found;
    const auto* entries = node->as_array();
    if (entries == nullptr || entries->empty() || entries->size() > most) {
        complain_of(name, "wrong_type", fmt::format("must be an array of 1 to {} texts", most));
        return found;
    }
    for (const toml::node& entry : *entries) {
        const std::string* text = text_of(entry);
        if (text == nullptr)
            complaints_.add(entry, "wrong_type",
                            fmt::format("'{}' must hold texts of 1 to 255 bytes only", name));
        else if (std::ranges::find(found, *text) != found.end())
            complaints_.add(entry, "duplicate", fmt::format("'{}' has '{}' twice", name, *text));
        else
            found.push_back(*text);
    }
    return found;
}

std::vector<std::string> TableReader::names() {
    std::vector<std::string> found;
    for (const auto& [key, node] : table_) found.emplace_back(key.str());
    known_.insert(found.begin(), found.end());
    return found;
}

void TableReader::refuse_unknown() {
    for (const auto& [key, node] : table_)
        if (!known_.contains(key.str()))
            complaints_.add(node, "unknown_key", fmt::format("'{}' is not known", key.str()));
}

void TableReader::complain_of(std::string_view name, std::string code, const std::string& detail) {
    complaints_.add(line(name), std::move(code), fmt::format("'{}' {}", name, detail));
}

const toml::node* TableReader::optional(std::string_view name) {
    known_.insert(std::string(name));
    return table_.get(name);
}

const toml::node* TableReader::required(std::string_view name) {
    const toml::node* node = optional(name);
    if (node == nullptr) complaints_.add(table_, "required", fmt::format("'{}' is missing", name));
    return node;
}

std::vector<const toml::table*> TableReader::tables(std::string_view name) {
    std::vector<const toml::table*> found;
    const toml::node* node = optional(name);
    if (node == nullptr) return found;
    const auto* rows = node->as_array();
    if (rows == nullptr || rows->size() > kRowsMax) {
        complain_of(name, "wrong_type", "must be an array of at most 1000 tables");
        return found;
    }
    for (const toml::node& row : *rows) {
        if (const auto* table = row.as_table())
            found.push_back(table);
        else
            complaints_.add(row, "wrong_type", fmt::format("'{}' must hold tables only", name));
    }
    return found;
}

const toml::table* TableReader::inner_table(std::string_view name) {
    const toml::node* node = optional(name);
    if (node == nullptr) return nullptr;
    const auto* table = node->as_table();
    if (table == nullptr) complain_of(name, "wrong_type", "must be a table");
    return table;
}

}  // namespace turnpike
