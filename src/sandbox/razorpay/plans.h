#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sandbox/razorpay/context.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin::razorpay {

BillingInterval interval_of_plan(const Json& plan);
/// How many of its cycles a subscription may have: a hundred years are the longest.
std::int64_t cycles_in_a_century(const Json& plan);
/// The price of one unit, in the currency's smallest unit.
std::int64_t unit_amount_of(const Json& plan);
std::string currency_of(const Json& plan);

/// {id, active, name, description, amount, ..., type}: of a plan or an addon. Reads and checks
/// `item`; `currency`, when not "", is what it must be in.
Json read_item(Context& ctx, Params& params, const std::string& type, const std::string& currency);

std::span<const Route> plan_routes();

}  // namespace turnpike::twin::razorpay
