#include "sandbox/stripe/checkout/typed_amounts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/catalog/custom_amounts.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/wire/amounts.h"

namespace turnpike::twin {
namespace {

/// As many places as an amount of the currency is written with.
std::size_t places_of(const std::string& currency) {
    const std::string zero = format_amount(0, currency);
    const auto point = zero.find('.');
    if (point == std::string::npos) return 0;
    return static_cast<std::size_t>(
        std::ranges::count_if(zero.substr(point), [](char c) { return c >= '0' && c <= '9'; }));
}

/// 1250 as "12.50"
std::string plain_amount(std::int64_t amount, const std::string& currency) {
    const std::size_t places = places_of(currency);
    std::string digits = std::to_string(amount);
    if (places == 0) return digits;
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    return digits.insert(digits.size() - places, ".");
}

/// "12.5", "12,50", "12" as 1250; nullopt for anything else.
std::optional<std::int64_t> amount_in(std::string typed, const std::string& currency) {
    constexpr std::size_t kDigitsMax = 12;
    std::ranges::replace(typed, ',', '.');
    const auto point = typed.find('.');
    std::string places = point == std::string::npos ? "" : typed.substr(point + 1);
    const std::string whole = typed.substr(0, point);
    if (whole.empty() || places.size() > places_of(currency)) return std::nullopt;
    places.resize(places_of(currency), '0');
    const std::string digits = whole + places;
    const auto amount = parse_integer(digits);
    if (!amount || *amount < 0 || digits.size() > kDigitsMax) return std::nullopt;
    return amount;
}

const Json& price_of(const Json& session) { return lines_of(session).at(0).at("price"); }

}  // namespace

bool takes_amount(const Json& session) {
    const Json& lines = lines_of(session);
    return !lines.empty() && has_custom_amount(lines.at(0).at("price"));
}

std::string amount_limits(const Json& session) {
    const std::string currency = text_of(session, "currency");
    const AmountRange range = custom_range(price_of(session));
    return "from " + format_amount(range.least, currency) + " to " +
           format_amount(range.most, currency);
}

std::string amount_preset(const Json& session) {
    const std::int64_t shown = integer_of(session, "amount_total");
    return shown == 0 ? "" : plain_amount(shown, text_of(session, "currency"));
}

std::optional<StripeError> choose_amount(Context& ctx, Json& session, std::int64_t amount) {
    const AmountRange range = custom_range(price_of(session));
    if (amount < range.least || amount > range.most)
        return bad_param("", "", "The amount must be " + amount_limits(session) + ".").error();
    if (auto problem = fraction_problem(amount, text_of(session, "currency"), "")) {
        return problem->error();
    }
    if (amount == integer_of(session, "amount_total")) return std::nullopt;
    std::vector<Json> lines(lines_of(session).begin(), lines_of(session).end());
    lines.front()["amount_subtotal"] = amount;
    lines.front()["amount_total"] = amount;
    put_lines(session, lines);
    forget_attempt(ctx, session);
    return std::nullopt;
}

std::optional<StripeError> take_typed_amount(PageRequest& page) {
    if (!takes_amount(page.object)) return std::nullopt;
    const std::string typed = page.form.text(kAmountField).value_or("");
    const auto amount = amount_in(typed, text_of(page.object, "currency"));
    if (!amount)
        return bad_param("", "", "Enter an amount " + amount_limits(page.object) + ".").error();
    return choose_amount(page.ctx, page.object, *amount);
}

}  // namespace turnpike::twin
