#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

/// The part of a checkout page's form that takes a card, a bank account, or what the payer chooses
/// of both.
namespace turnpike::twin {

/// A labelled input; marked where it is what `notice` is about (take_notice), and filled in with
/// what that knows.
std::string checked_field(const Json& notice, std::string_view name, std::string_view label,
                          std::string_view attributes);
/// The same, filled in with `value`.
std::string plain_field(std::string_view name, std::string_view label, std::string_view attributes,
                        const std::string& value);

/// What the session's form takes: "card", "bank account", or "payment method" for both.
std::string_view method_word(const Json& session);
/// Its fields: number, exp, cvc; iban; name; and `method` ("card", "debit") where there is a
/// choice.
std::string method_fields(const Json& session, const Json& notice);
/// The value of the button that pays.
std::string_view pay_action(const Json& session);
/// Shows the fields of what is chosen; without it, or without :has(), all of them are there.
std::string_view method_style();

enum class TypedMethod : bool { Card, Debit };
/// What a form of this session wants to pay with; nullopt when it does not say.
std::optional<TypedMethod> typed_method_of(const Json& session, const std::string& action,
                                           const std::string& method);

}  // namespace turnpike::twin
