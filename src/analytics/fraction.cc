#include "analytics/fraction.h"

#include "base/check.h"

namespace turnpike {
namespace {

Int128 gcd(Int128 a, Int128 b) {
    while (b != 0) {
        const Int128 rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

}  // namespace

Fraction::Fraction(Int128 numerator, Int128 denominator) {
    check(denominator != 0, "nothing is divided by zero");
    const Int128 common = gcd(numerator, denominator);
    const Int128 sign = denominator < 0 ? -1 : 1;
    numerator_ = sign * numerator / common;
    denominator_ = sign * denominator / common;
}

Fraction operator+(const Fraction& a, const Fraction& b) {
    return {a.numerator_ * b.denominator_ + b.numerator_ * a.denominator_,
            a.denominator_ * b.denominator_};
}

Fraction operator-(const Fraction& a, const Fraction& b) { return a + b * Fraction(-1, 1); }

Fraction operator*(const Fraction& a, const Fraction& b) {
    return {a.numerator_ * b.numerator_, a.denominator_ * b.denominator_};
}

Fraction operator/(const Fraction& a, const Fraction& b) {
    return {a.numerator_ * b.denominator_, a.denominator_ * b.numerator_};
}

std::int64_t Fraction::rounded() const {
    return static_cast<std::int64_t>(divide_rounded(numerator_, denominator_, Rounding::HalfEven));
}

std::string Fraction::text(int digits) const {
    Int128 one = 1;
    for (int i = 0; i < digits; ++i) one *= 10;
    const auto scaled = static_cast<std::int64_t>(
        divide_rounded(numerator_ * one, denominator_, Rounding::HalfEven));
    const std::int64_t magnitude = scaled < 0 ? -scaled : scaled;
    std::string text = std::to_string(magnitude);
    const auto wanted = static_cast<std::size_t>(digits) + 1;
    if (text.size() < wanted) text.insert(0, wanted - text.size(), '0');
    if (digits > 0) text.insert(text.size() - static_cast<std::size_t>(digits), ".");
    return (scaled < 0 ? "-" : "") + text;
}

}  // namespace turnpike
