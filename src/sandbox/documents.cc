#include "sandbox/documents.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "base/money.h"
#include "json/value.h"

namespace turnpike::twin {
namespace {

const Json* member_of(const Json& object, std::string_view member) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(member);
    if (found == object.end() || found->is_null()) return nullptr;
    return &*found;
}

/// Digits after the point. What our catalog does not know has two, but for Stripe's zero-decimal
/// currencies (docs.stripe.com/currencies).
int digits_of(const std::string& currency) {
    static constexpr std::array<std::string_view, 13> kNone = {
        "BIF", "CLP", "DJF", "GNF", "KMF", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"};
    const auto known = parse_currency(currency);
    if (known) return exponent_of(*known);
    return std::ranges::find(kNone, upper_case(currency)) == kNone.end() ? 2 : 0;
}

std::string symbol_of(const std::string& currency) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSymbols{
        {{"USD", "$"}, {"EUR", "€"}, {"GBP", "£"}, {"INR", "₹"}, {"JPY", "¥"}, {"BRL", "R$"}}};
    const auto upper = upper_case(currency);
    for (const auto& [code, symbol] : kSymbols)
        if (code == upper) return std::string(symbol);
    return upper + " ";
}

}  // namespace

std::string text_of(const Json& object, std::string_view member) {
    const Json* value = member_of(object, member);
    if (value == nullptr) return {};
    if (value->is_object()) return text_of(*value, "id");
    return value->is_string() ? value->get<std::string>() : std::string();
}

std::int64_t integer_of(const Json& object, std::string_view member) {
    const Json* value = member_of(object, member);
    return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

bool flag_of(const Json& object, std::string_view member) {
    const Json* value = member_of(object, member);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<Instant> instant_of(const Json& object, std::string_view member) {
    const Json* value = member_of(object, member);
    if (value == nullptr || !value->is_number_integer()) return std::nullopt;
    return from_unix_seconds(value->get<std::int64_t>());
}

const Json& part_of(const Json& object, std::string_view member) {
    static const Json kEmpty = Json::object();
    const Json* value = member_of(object, member);
    return value == nullptr ? kEmpty : *value;
}

Json roomy_object(std::size_t members) {
    Json object = Json::object();
    object.get_ref<Json::object_t&>().reserve(members);
    return object;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json seconds_or_null(const std::optional<Instant>& moment) {
    return moment ? Json(unix_seconds(*moment)) : Json();
}

std::string format_amount(std::int64_t minor, const std::string& currency) {
    const int digits = digits_of(currency);
    const std::int64_t magnitude = minor < 0 ? -minor : minor;
    std::int64_t unit = 1;
    for (int i = 0; i < digits; ++i) unit *= 10;
    std::string whole = std::to_string(magnitude / unit);
    for (std::size_t i = whole.size(); i > 3; i -= 3) whole.insert(i - 3, ",");
    std::string text = (minor < 0 ? "-" : "") + symbol_of(currency) + whole;
    if (digits > 0) text += fmt::format(".{:0{}}", magnitude % unit, digits);
    return text;
}

}  // namespace turnpike::twin
