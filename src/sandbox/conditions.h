#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/database.h"

namespace turnpike::twin {

/// The conditions that a query names, and no others, so that it finds its index. All must hold.
class Conditions {
public:
    /// `condition` lacks its right side: "customer = ".
    void add(std::string_view condition, sql::Value value) {
        values_.push_back(std::move(value));
        if (values_.size() > 1) text_ += " AND ";
        text_ += std::string(condition) + "$" + std::to_string(values_.size());
    }
    /// Nothing for "".
    void add_text(std::string_view condition, const std::string& value) {
        if (!value.empty()) add(condition, value);
    }

    /// What stands behind WHERE.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const std::vector<sql::Value>& values() const { return values_; }

private:
    std::string text_;
    std::vector<sql::Value> values_;
};

}  // namespace turnpike::twin
