#include "sandbox/stripe/billing_document.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/decimal.h"
#include "base/money.h"
#include "json/value.h"
#include "sandbox/stripe/context.h"

namespace turnpike::twin {
namespace {

const Json* member_of(const Json& object, std::string_view member) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(member);
    if (found == object.end() || found->is_null()) return nullptr;
    return &*found;
}

/// Digits after the point in Stripe's amounts: ISO 4217's exponent, for currencies unknown to our
/// catalog too.
int digits_of(const std::string& currency) {
    const auto known = parse_currency(currency);
    return known ? exponent_of(*known) : 2;
}

std::string symbol_of(const std::string& currency) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSymbols{
        {{"usd", "$"}, {"eur", "€"}, {"gbp", "£"}, {"inr", "₹"}, {"jpy", "¥"}, {"brl", "R$"}}};
    for (const auto& [code, symbol] : kSymbols)
        if (code == currency) return std::string(symbol);
    std::string upper;
    for (const char c : currency) upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
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

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json seconds_or_null(const std::optional<Instant>& moment) {
    return moment ? Json(unix_seconds(*moment)) : Json();
}

Json complete_list(std::string url, std::vector<Json> data) {
    Json list;
    list["object"] = "list";
    const std::size_t count = data.size();
    list["data"] = std::move(data);
    list["has_more"] = false;
    list["total_count"] = count;
    list["url"] = std::move(url);
    return list;
}

Instant second_of(Context& ctx, const std::string& customer) {
    return std::chrono::floor<std::chrono::seconds>(ctx.now_of(customer));
}

BillingInterval interval_of(const Json& price) {
    using Unit = BillingInterval::Unit;
    static constexpr std::array<std::pair<std::string_view, Unit>, 4> kUnits{
        {{"day", Unit::Day}, {"week", Unit::Week}, {"month", Unit::Month}, {"year", Unit::Year}}};
    const Json& recurring = part_of(price, "recurring");
    const std::string name = text_of(recurring, "interval");
    for (const auto& [text, unit] : kUnits)
        if (text == name) return {unit, static_cast<int>(integer_of(recurring, "interval_count"))};
    return {};
}

void merge_metadata(Json& object, const std::optional<Json>& change) {
    if (!change) return;
    if (!change->is_object()) {
        object["metadata"] = Json::object();
        return;
    }
    Json& metadata = object["metadata"];
    if (!metadata.is_object()) metadata = Json::object();
    for (const auto& [key, value] : change->items()) {
        if (value.is_string() && value.get_ref<const std::string&>().empty())
            metadata.erase(key);
        else
            metadata[key] = value;
    }
}

std::optional<std::int64_t> read_days_until_due(Params& params) {
    constexpr std::int64_t kDaysMax = 3'650;
    const auto days = params.integer("days_until_due");
    if (days && (*days < 0 || *days > kDaysMax))
        params.complain(bad_param("days_until_due", "parameter_invalid_integer",
                                  "Invalid days_until_due: must be from 0 to 3650."));
    return days;
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

std::int64_t minimum_charge(const std::string& currency) {
    // docs.stripe.com/currencies, "Minimum and maximum charge amounts".
    static constexpr std::array<std::pair<std::string_view, std::int64_t>, 16> kMinimums{{
        {"usd", 50},
        {"eur", 50},
        {"gbp", 30},
        {"inr", 50},
        {"jpy", 50},
        {"aud", 50},
        {"cad", 50},
        {"chf", 50},
        {"sgd", 50},
        {"brl", 50},
        {"nzd", 50},
        {"mxn", 1000},
        {"sek", 300},
        {"nok", 300},
        {"dkk", 250},
        {"pln", 200},
    }};
    for (const auto& [code, minimum] : kMinimums)
        if (code == currency) return minimum;
    return 1;
}

Outcome<Json> require_customer(Context& ctx, const std::string& id, const std::string& param) {
    auto customer = ctx.find("customer", id);
    if (!customer || flag_of(*customer, "deleted")) return no_such_param("customer", id, param);
    return *std::move(customer);
}

}  // namespace turnpike::twin
