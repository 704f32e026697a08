#include "sandbox/stripe/wire/checked_fields.h"

#include <algorithm>

#include "json/value.h"
#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

bool looks_like_email(std::string_view text) {
    const auto at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           std::ranges::none_of(text, [](char c) { return c == ' ' || c == '\n'; });
}

bool looks_like_url(std::string_view text) {
    const auto scheme = text.find("://");
    return scheme != std::string_view::npos && scheme > 0 && scheme + 3 < text.size() &&
           std::ranges::none_of(text, [](char c) { return c == ' ' || c == '\n'; });
}

}  // namespace

void set_email(Params& params, std::string_view name, Json& object, std::size_t characters_max) {
    const auto email = params.text(name, characters_max);
    if (!email) return;
    object[std::string(name)] = text_or_null(*email);
    if (!email->empty() && !looks_like_email(*email))
        params.complain(
            bad_param(params.name_of(name), "email_invalid", "Invalid email address: " + *email));
}

std::optional<std::string> read_return_url(Params& params) {
    auto url = params.text("return_url");
    if (url && !url->empty() && !looks_like_url(*url))
        params.complain(bad_param("return_url", "url_invalid", "Not a valid URL"));
    return url;
}

}  // namespace turnpike::twin
