#include "base/money.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/check.h"
#include "base/letter_case.h"

namespace turnpike {
namespace {

struct CurrencyRow {
    Currency currency;
    std::string_view code;
    int exponent;
};

constexpr auto kCurrencies = std::to_array<CurrencyRow>({
    {Currency::Usd, "usd", 2}, {Currency::Eur, "eur", 2}, {Currency::Gbp, "gbp", 2},
    {Currency::Inr, "inr", 2}, {Currency::Jpy, "jpy", 0}, {Currency::Kwd, "kwd", 3},
    {Currency::Aud, "aud", 2}, {Currency::Cad, "cad", 2}, {Currency::Chf, "chf", 2},
    {Currency::Sgd, "sgd", 2}, {Currency::Brl, "brl", 2}, {Currency::Mxn, "mxn", 2},
    {Currency::Krw, "krw", 0}, {Currency::Bhd, "bhd", 3}, {Currency::Jod, "jod", 3},
    {Currency::Omr, "omr", 3}, {Currency::Tnd, "tnd", 3}, {Currency::Nzd, "nzd", 2},
    {Currency::Sek, "sek", 2}, {Currency::Nok, "nok", 2}, {Currency::Dkk, "dkk", 2},
    {Currency::Pln, "pln", 2},
});

const CurrencyRow& row_of(Currency currency) {
    const auto row = std::ranges::find(kCurrencies, currency, &CurrencyRow::currency);
    check(row != kCurrencies.end(), "every currency has a row");
    return *row;
}

Int128 power_of_ten(int exponent) {
    Int128 power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

Result<Money> bounded_wide(Int128 minor, Currency currency) {
    if (minor > Money::kMaxMinor || minor < -Money::kMaxMinor)
        return invalid_argument("money.out_of_range", "the amount is larger than any invoice");
    return Money(static_cast<std::int64_t>(minor), currency);
}

}  // namespace

std::string_view to_text(Currency currency) { return row_of(currency).code; }
int exponent_of(Currency currency) { return row_of(currency).exponent; }

std::optional<Currency> parse_currency(std::string_view code) {
    const auto row = std::ranges::find(kCurrencies, lower_case(code), &CurrencyRow::code);
    if (row == kCurrencies.end()) return std::nullopt;
    return row->currency;
}

Result<Money> Money::bounded(std::int64_t minor, Currency currency) {
    return bounded_wide(minor, currency);
}

std::string Money::text() const {
    const int digits = exponent_of(currency_);
    const auto bits = static_cast<std::uint64_t>(minor_);
    std::string number = std::to_string(minor_ < 0 ? 0 - bits : bits);
    if (digits > 0) {
        const auto wanted = static_cast<std::size_t>(digits) + 1;
        if (number.size() < wanted) number.insert(0, wanted - number.size(), '0');
        number.insert(number.size() - static_cast<std::size_t>(digits), ".");
    }
    return (minor_ < 0 ? "-" : "") + number + " " + upper_case(to_text(currency_));
}

Money operator+(Money a, Money b) {
    check(a.currency() == b.currency(), "amounts of one currency are added");
    return {a.minor() + b.minor(), a.currency()};
}

Money operator-(Money a, Money b) {
    check(a.currency() == b.currency(), "amounts of one currency are subtracted");
    return {a.minor() - b.minor(), a.currency()};
}

std::int64_t charged_in(Currency currency) { return exponent_of(currency) == 3 ? 10 : 1; }

bool can_be_charged(Money amount) { return amount.minor() % charged_in(amount.currency()) == 0; }

Result<Money> extend(Quantity quantity, UnitPrice price, Currency currency, Rounding rounding) {
    const Int128 product = static_cast<Int128>(quantity.scaled()) * price.scaled();
    const Int128 step = charged_in(currency);
    const Int128 divisor =
        power_of_ten(Quantity::kScale + UnitPrice::kScale - exponent_of(currency)) * step;
    return bounded_wide(divide_rounded(product, divisor, rounding) * step, currency);
}

Result<Money> scale(Money amount, std::int64_t numerator, std::int64_t denominator,
                    Rounding rounding) {
    const Int128 product = static_cast<Int128>(amount.minor()) * numerator;
    return bounded_wide(divide_rounded(product, denominator, rounding), amount.currency());
}

std::vector<Money> allocate(Money total, std::span<const std::int64_t> weights) {
    const auto sum = std::accumulate(weights.begin(), weights.end(), Int128{0});
    check(sum > 0, "some weight is positive");

    struct Part {
        std::size_t index;
        Int128 minor, remainder;
    };
    std::vector<Part> parts;
    Int128 left = total.minor() < 0 ? -static_cast<Int128>(total.minor()) : total.minor();
    const Int128 magnitude = left;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        check(weights[i] >= 0, "no weight is negative");
        const Int128 product = magnitude * weights[i];
        parts.push_back({i, product / sum, product % sum});
        left -= product / sum;
    }
    std::ranges::sort(parts, [](const Part& a, const Part& b) {
        return a.remainder != b.remainder ? a.remainder > b.remainder : a.index < b.index;
    });
    for (auto& part : parts) {
        if (left == 0) break;
        ++part.minor;
        --left;
    }
    std::vector<Money> result(weights.size(), Money(0, total.currency()));
    const Int128 sign = total.minor() < 0 ? -1 : 1;
    for (const auto& part : parts)
        result[part.index] = Money(static_cast<std::int64_t>(sign * part.minor), total.currency());
    return result;
}

}  // namespace turnpike
