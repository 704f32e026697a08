#include "sandbox/stripe/wire/checked_fields.h"

#include <algorithm>

#include "json/value.h"
#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

/// Of blanks and control characters.
bool is_free_of_blanks(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c >= 0 && c <= ' '; });
}

bool is_address(std::string_view text) {
    const auto scheme = text.find("://");
    return scheme != std::string_view::npos && scheme > 0 && scheme + 3 < text.size() &&
           is_free_of_blanks(text);
}

bool is_web_address(std::string_view text) {
    return is_address(text) && (text.starts_with("https://") || text.starts_with("http://"));
}

void check_address(Params& params, std::string_view name, bool is_one) {
    if (!is_one) params.complain(bad_param(params.name_of(name), "url_invalid", "Not a valid URL"));
}

}  // namespace

bool is_email(std::string_view text) {
    const auto at = text.find('@');
    if (at == 0 || at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos)
        return false;
    const std::string_view domain = text.substr(at + 1);
    return domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.') &&
           !domain.contains("..") && is_free_of_blanks(text);
}

void set_email(Params& params, std::string_view name, Json& object, std::size_t characters_max) {
    const auto email = params.text(name, characters_max);
    if (!email) return;
    object[std::string(name)] = text_or_null(*email);
    if (!email->empty() && !is_email(*email))
        params.complain(
            bad_param(params.name_of(name), "email_invalid", "Invalid email address: " + *email));
}

std::optional<std::string> read_web_address(Params& params, std::string_view name) {
    auto address = params.text(name);
    if (address && !address->empty()) check_address(params, name, is_web_address(*address));
    return address;
}

void refuse_without_confirm(Params& params, const std::string& intent,
                            std::initializer_list<std::string_view> names) {
    const std::string code = intent == "SetupIntent" ? "setup_intent_invalid_parameter"
                                                     : "payment_intent_invalid_parameter";
    for (const auto name : names) {
        if (!params.has(name)) continue;
        params.complain(bad_param(params.name_of(name), code,
                                  "The parameter `" + std::string(name) +
                                      "` cannot be passed when creating a " + intent +
                                      " unless `confirm` is set to true."));
    }
}

std::optional<std::string> read_return_url(Params& params) {
    auto address = params.text("return_url");
    if (address && !address->empty()) check_address(params, "return_url", is_address(*address));
    return address;
}

}  // namespace turnpike::twin
