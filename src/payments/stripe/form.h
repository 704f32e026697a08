#pragma once

#include <map>
#include <string>
#include <string_view>

namespace turnpike::stripe {

/// Stripe's parameters: application/x-www-form-urlencoded with bracketed names. The text is the
/// content of an obligation, so the order of `add` calls is part of it.
class Form {
public:
    /// `name` as documented, brackets included: "items[0][price]". The value is escaped.
    Form& add(std::string_view name, std::string_view value);
    Form& add(std::string_view name, std::int64_t value);
    /// metadata[key]=value for each; keys are escaped, so that a bracket in one cannot nest.
    Form& add_metadata(const std::map<std::string, std::string>& metadata);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace turnpike::stripe
