#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/wire/params.h"

/// Texts that Stripe takes a look at.
namespace turnpike::twin {

/// As set_text(); complains about what is no email address.
void set_email(Params& params, std::string_view name, Json& object,
               std::size_t characters_max = Params::kTextCharactersMax);
/// "ada@example.com": one @, and a domain of several parts behind it.
bool is_email(std::string_view text);

/// A page of the web: http or https. Absent: nullopt; "" stays "". Complains about anything else.
std::optional<std::string> read_web_address(Params& params, std::string_view name);
/// Complains about those of `names` that are given: what only a confirmation takes cannot be said
/// when an intent is made and not confirmed. `intent`: "SetupIntent".
void refuse_without_confirm(Params& params, const std::string& intent,
                            std::initializer_list<std::string_view> names);
/// A page to return to, or an app's address ("shop://paid"). Absent: nullopt.
std::optional<std::string> read_return_url(Params& params);

}  // namespace turnpike::twin
