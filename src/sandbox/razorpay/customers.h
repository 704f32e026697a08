#pragma once

#include <span>
#include <string>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// The customer with this e-mail address, made when there is none: what an authorisation does.
Json customer_with_email(Context& ctx, const std::string& email);

/// Of details that are given of one (name, email, contact, gstin, addresses): the customer with
/// this e-mail address and number, or with this address when no number is given; else a new one.
/// What is given fills what a known one lacks. Stored. Complaints are `given`'s.
Json customer_of_details(Context& ctx, Params& given);

std::span<const Route> customer_routes();

}  // namespace turnpike::twin::razorpay
