#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"

namespace turnpike {

/// Currencies a price may be in. The exponent is ISO 4217's number of minor digits, except where
/// Stripe's charge table differs (payments/stripe keeps that table).
enum class Currency : std::uint8_t {
    Usd,
    Eur,
    Gbp,
    Inr,
    Jpy,
    Kwd,
    Aud,
    Cad,
    Chf,
    Sgd,
    Brl,
    Mxn,
    Krw,
    Bhd,
    Jod,
    Omr,
    Tnd,
    Nzd,
    Sek,
    Nok,
    Dkk,
    Pln,
};

/// Lower-case ISO code: "usd".
std::string_view to_text(Currency currency);
/// Accepts either case. nullopt for a code that is not supported.
std::optional<Currency> parse_currency(std::string_view code);
/// Minor digits: 0 for JPY, 2 for USD, 3 for KWD.
int exponent_of(Currency currency);

/// An amount in minor units. Values are bounded where they enter (parsing, rating), so that sums of
/// thousands of lines stay far inside int64. Adding two currencies is a broken promise.
class Money {
public:
    static constexpr std::int64_t kMaxMinor = 1'000'000'000'000'000;

    constexpr Money(std::int64_t minor, Currency currency) : minor_(minor), currency_(currency) {}
    /// Errors: InvalidArgument "money.out_of_range" when |minor| > kMaxMinor.
    static Result<Money> bounded(std::int64_t minor, Currency currency);

    [[nodiscard]] constexpr std::int64_t minor() const { return minor_; }
    [[nodiscard]] constexpr Currency currency() const { return currency_; }
    /// "46.90 USD"; for people and logs.
    [[nodiscard]] std::string text() const;

    friend bool operator==(Money, Money) = default;

private:
    std::int64_t minor_;
    Currency currency_;
};

Money operator+(Money a, Money b);
Money operator-(Money a, Money b);

/// What amounts of a currency are charged in, as a number of minor units: 10 where it has three
/// decimals, because card networks want the last one to be 0; otherwise 1.
/// https://docs.stripe.com/currencies#three-decimal
std::int64_t charged_in(Currency currency);
bool can_be_charged(Money amount);

/// quantity x unit price, rounded once to what the currency is charged in.
/// Errors: InvalidArgument "money.out_of_range".
Result<Money> extend(Quantity quantity, UnitPrice price, Currency currency, Rounding rounding);

/// amount x numerator / denominator, rounded once. `denominator` must be positive.
/// Errors: InvalidArgument "money.out_of_range".
Result<Money> scale(Money amount, std::int64_t numerator, std::int64_t denominator,
                    Rounding rounding);

/// Splits `total` by weight; the parts add up to the total exactly (largest remainder, ties to the
/// earlier part). Weights are not negative and not all zero.
std::vector<Money> allocate(Money total, std::span<const std::int64_t> weights);

}  // namespace turnpike
