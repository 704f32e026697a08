#include "payments/stripe/form.h"

#include "base/encoding.h"

namespace turnpike::stripe {

Form& Form::add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += '&';
    text_ += name;
    text_ += '=';
    text_ += percent_encode(value);
    return *this;
}

Form& Form::add(std::string_view name, std::int64_t value) {
    return add(name, std::to_string(value));
}

Form& Form::add_metadata(const std::map<std::string, std::string>& metadata) {
    for (const auto& [key, value] : metadata) add("metadata[" + percent_encode(key) + "]", value);
    return *this;
}

}  // namespace turnpike::stripe
