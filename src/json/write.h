#pragma once

#include <optional>
#include <string>

#include "base/decimal.h"
#include "base/money.h"
#include "base/time.h"
#include "json/value.h"

namespace turnpike {

/// {"amount": 1999, "currency": "USD"}: minor units and an upper-case code.
Json write_money(Money money);
/// A JSON number with exactly the quantity's digits, for interfaces that publish numbers; /v1
/// writes decimal texts.
Json write_number(Quantity quantity);
/// RFC 3339 text; null when absent.
Json write_instant(const std::optional<Instant>& moment);
/// {"start": ..., "end": ...}; the end does not belong to the period.
Json write_period(const Period& period);
/// The text; null when absent.
Json write_optional(const std::optional<std::string>& text);

}  // namespace turnpike
