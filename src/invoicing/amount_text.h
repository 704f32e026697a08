#pragma once

#include <string>

#include "base/decimal.h"
#include "base/money.h"

/// Amounts as papers and lines of invoices write them.
namespace turnpike {

/// "1,234.50 USD"
std::string paper_amount(Money amount);
/// "0.003 KWD", "0.50 USD": with all the decimals that it has, and with no fewer than its currency.
std::string unit_price_text(UnitPrice price, Currency currency);
/// "10.701 KWD": what so many cost, in whatever decimals it takes.
std::string product_text(Quantity quantity, UnitPrice price, Currency currency);
/// "-12,345.5"
std::string quantity_text(Quantity quantity);

}  // namespace turnpike
