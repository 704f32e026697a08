#include "sandbox/stripe/cards/cards.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/stripe/cards/blank_method.h"
#include "sandbox/stripe/cards/tokens.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kLiveCard =
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a "
    "list of valid test cards, visit: https://stripe.com/docs/testing.";

constexpr std::string_view kUnchecked = "unchecked";
constexpr const char* kMonthCode = "invalid_expiry_month";
constexpr const char* kWrongMonth = "Your card's expiration month is invalid.";

std::chrono::year_month_day day_of(Instant moment) {
    return std::chrono::floor<std::chrono::days>(moment);
}

bool passes_luhn(std::string_view digits) {
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        int digit = digits[digits.size() - 1 - i] - '0';
        if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

Refusal wrong_card(const std::string& code, const std::string& message, const std::string& param) {
    auto refusal = card_error(code, "", message);
    refusal.error().param = param;
    return refusal;
}

Outcome<const TestCard*> card_with_number(std::string number) {
    std::erase_if(number, [](char c) { return c == ' ' || c == '-'; });
    const bool digits_only =
        std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits_only || number.size() < 12 || number.size() > 19 || !passes_luhn(number))
        return wrong_card(std::string(incorrect_number().code),
                          std::string(incorrect_number().message), "number");
    if (is_lacking(number)) return lacking_refusal(number, "number");
    const auto* card = card_by_number(number);
    if (card == nullptr)
        return card_error("card_declined", "test_mode_live_card", std::string(kLiveCard));
    return card;
}

/// What a card of a token says flat, as the payment method keeps it: {city, ...}, name.
struct Holder {
    std::vector<std::pair<std::string, std::string>> address;
    std::optional<std::string> name;
};

Holder read_holder(Params& card) {
    Holder holder;
    for (const std::string line : {"city", "country", "line1", "line2", "state"})
        if (auto text = card.text("address_" + line)) holder.address.emplace_back(line, *text);
    if (auto zip = card.text("address_zip")) holder.address.emplace_back("postal_code", *zip);
    holder.name = card.text("name");
    return holder;
}

void set_holder(Json& method, const Holder& holder) {
    Json& billing = method["billing_details"];
    for (const auto& [line, text] : holder.address) billing["address"][line] = text_or_null(text);
    if (holder.name) billing["name"] = text_or_null(*holder.name);
}

bool is_month(std::int64_t month) { return month >= 1 && month <= 12; }

std::optional<Refusal> expiry_problem(Context& ctx, std::int64_t month, std::int64_t year) {
    const auto today = day_of(ctx.now());
    if (!is_month(month)) return wrong_card(kMonthCode, kWrongMonth, "exp_month");
    const auto this_year = static_cast<int>(today.year());
    const auto this_month = static_cast<unsigned>(today.month());
    const bool is_past =
        year < this_year || (year == this_year && std::cmp_less(month, this_month));
    if (is_past || year > this_year + 50)
        return wrong_card("invalid_expiry_year", "Your card's expiration year is invalid.",
                          "exp_year");
    return std::nullopt;
}

bool is_cvc(std::string_view text) {
    return (text.size() == 3 || text.size() == 4) &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "26" means 2026.
std::int64_t full_year(std::int64_t year) { return year >= 0 && year < 100 ? 2000 + year : year; }

Json networks_of(const TestCard& card) {
    Json networks = Json::array();
    if (!card.co_brand.empty()) networks.push_back(std::string(card.co_brand));
    networks.push_back(std::string(card.brand));
    return networks;
}

/// A card without a code has nothing to check.
void leave_code_unchecked(Json& method) {
    Json& check = method["card"]["checks"]["cvc_check"];
    if (!check.is_null()) check = std::string(kUnchecked);
}

}  // namespace

Json card_payment_method(Context& ctx, const TestCard& card) {
    const auto today = day_of(ctx.now());
    const std::string brand(card.brand);
    Json method = blank_payment_method(ctx, "card");
    method["_card"] = std::string(card.name);
    method["card"] = {
        {"brand", brand},
        {"checks",
         {{"address_line1_check", text_or_null(std::string(card.checks.line1))},
          {"address_postal_code_check", text_or_null(std::string(card.checks.postal_code))},
          {"cvc_check", std::string(card.checks.cvc)}}},
        {"country", std::string(card.country)},
        {"display_brand", std::string(card.display_brand())},
        {"exp_month", static_cast<unsigned>(today.month())},
        {"exp_year", static_cast<int>(today.year()) + 1},
        {"fingerprint", fingerprint_of(ctx.account(), card.number)},
        {"funding", std::string(card.funding)},
        {"generated_from", nullptr},
        {"last4", std::string(card.last4())},
        {"networks", {{"available", networks_of(card)}, {"preferred", nullptr}}},
        {"regulated_status", "unregulated"},
        {"three_d_secure_usage", {{"supported", true}}},
        {"wallet", nullptr},
    };
    return method;
}

Outcome<Json> read_card(Context& ctx, Params& params, CardForm form) {
    auto given = params.object("card");
    if (!given && params.has("card"))
        return bad_param(params.name_of("card"), "", "Invalid object");
    if (!given) return missing_param(params.name_of("card"));
    if (form == CardForm::Method && given->has("token")) {
        const auto token = given->required_text("token");
        params.absorb(*given);
        if (!token.empty() && !token.starts_with("tok_"))
            return bad_param("token", "", "Invalid token id: " + token);
        auto method = redeem_token(ctx, token, given->name_of("token"));
        if (method) leave_code_unchecked(*method);
        return method;
    }
    const Holder holder = form == CardForm::Token ? read_holder(*given) : Holder{};
    const auto number = given->required_text("number");
    const auto month = given->integer("exp_month");
    const auto year = given->integer("exp_year");
    const auto cvc = given->text("cvc");
    given->ignore("networks");
    params.absorb(*given);
    if (const auto complaint = given->complaint()) return Refusal(*complaint);
    if (!month) return missing_param(given->name_of("exp_month"));
    if (!year) return missing_param(given->name_of("exp_year"));

    const auto card = card_with_number(number);
    if (!card) return Refusal(card.error());
    if (const auto problem = expiry_problem(ctx, *month, full_year(*year))) return *problem;
    if (cvc && !is_cvc(*cvc))
        return wrong_card("invalid_cvc", "Your card's security code is invalid.", "cvc");

    Json method = card_payment_method(ctx, **card);
    method["card"]["exp_month"] = *month;
    method["card"]["exp_year"] = full_year(*year);
    if (!cvc) method["card"]["checks"]["cvc_check"] = nullptr;
    set_holder(method, holder);
    return method;
}

Json with_checked_code(Context& ctx, Json method) {
    const TestCard* card = card_of_payment_method(method);
    if (card == nullptr) return method;
    Json& check = method["card"]["checks"]["cvc_check"];
    if (check != kUnchecked) return method;
    check = std::string(card->checks.cvc);
    ctx.put(method);
    return method;
}

void read_expiry(Params& params, Json& card) {
    if (const auto month = params.integer("exp_month")) {
        if (!is_month(*month))
            params.complain(bad_param(params.name_of("exp_month"), kMonthCode, kWrongMonth));
        card["exp_month"] = *month;
    }
    if (const auto year = params.integer("exp_year")) card["exp_year"] = full_year(*year);
}

void update_card(Params& params, Json& method) {
    auto given = params.object("card");
    if (!given) return;
    read_expiry(*given, method["card"]);
    given->ignore("networks");
    params.absorb(*given);
}

}  // namespace turnpike::twin
