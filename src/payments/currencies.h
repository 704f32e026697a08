#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/money.h"

namespace turnpike {

/// Our amount as providers write it in requests. Stripe and Razorpay count in the minor unit of
/// ISO 4217 for all currencies we know, so the number is the same; three-decimal currencies must be
/// a multiple of ten (spec: stripe-razorpay-wire 1.12).
/// Errors: InvalidArgument "payment.amount_not_chargeable".
Result<std::int64_t> wire_amount(Money amount);

/// "USD": what Razorpay wants; Stripe takes either case.
std::string upper_code(Currency currency);

class ReplyReader;

/// An amount out of a reply.
/// Errors: OutcomeUnknown "payment.unexpected_reply" for a currency we do not know or a number out
/// of Money's range; such an object must be looked at, never applied.
Result<Money> read_amount(std::int64_t amount, std::string_view currency);
/// What `kind`, a refund or a dispute, takes back: its members amount and currency, not below zero.
/// The reader complains of anything else.
Money read_returned(ReplyReader& fields, const std::string& kind);

}  // namespace turnpike
