#pragma once

#include <cstdint>
#include <string>

#include "base/decimal.h"

namespace turnpike {

/// An exact ratio, so that monthly figures of weekly, monthly and yearly prices add up without
/// rounding on the way. Always in lowest terms with a positive denominator.
class Fraction {
public:
    constexpr Fraction() = default;
    /// `denominator` must not be 0.
    Fraction(Int128 numerator, Int128 denominator);

    friend Fraction operator+(const Fraction& a, const Fraction& b);
    friend Fraction operator-(const Fraction& a, const Fraction& b);
    friend Fraction operator*(const Fraction& a, const Fraction& b);
    /// `b` must not be 0.
    friend Fraction operator/(const Fraction& a, const Fraction& b);
    friend bool operator==(const Fraction&, const Fraction&) = default;
    friend bool operator<(const Fraction& a, const Fraction& b) {
        return a.numerator_ * b.denominator_ < b.numerator_ * a.denominator_;
    }

    [[nodiscard]] bool is_zero() const { return numerator_ == 0; }
    /// The nearest whole number, ties to even; the one rounding, at display.
    [[nodiscard]] std::int64_t rounded() const;
    /// With exactly `digits` fraction digits, ties to even: "0.0333".
    [[nodiscard]] std::string text(int digits) const;

private:
    Int128 numerator_ = 0;
    Int128 denominator_ = 1;
};

}  // namespace turnpike
