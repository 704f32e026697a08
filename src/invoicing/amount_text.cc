#include "invoicing/amount_text.h"

#include <algorithm>
#include <utility>

#include "base/letter_case.h"

namespace turnpike {
namespace {

/// "-12345.5 USD" -> "-12,345.5 USD"
std::string grouped(std::string number) {
    const std::size_t first = number.starts_with('-') ? 1 : 0;
    for (auto i = std::min(number.find_first_of(". "), number.size()); i > first + 3; i -= 3)
        number.insert(i - 3, ",");
    return number;
}

/// With so many decimals at least.
std::string with_decimals(std::string number, int least) {
    const auto dot = number.find('.');
    const auto wanted = static_cast<std::size_t>(least);
    const std::size_t written = dot == std::string::npos ? 0 : number.size() - dot - 1;
    if (written >= wanted) return number;
    if (dot == std::string::npos) number += '.';
    return number.append(wanted - written, '0');
}

std::string written_in(Currency currency, std::string number) {
    return grouped(with_decimals(std::move(number), exponent_of(currency))) + " " +
           upper_case(to_text(currency));
}

}  // namespace

std::string paper_amount(Money amount) { return grouped(amount.text()); }

std::string unit_price_text(UnitPrice price, Currency currency) {
    return written_in(currency, price.text());
}

std::string product_text(Quantity quantity, UnitPrice price, Currency currency) {
    return written_in(currency,
                      format_scaled(static_cast<Int128>(quantity.scaled()) * price.scaled(),
                                    Quantity::kScale + UnitPrice::kScale));
}

std::string quantity_text(Quantity quantity) { return grouped(quantity.text()); }

}  // namespace turnpike
