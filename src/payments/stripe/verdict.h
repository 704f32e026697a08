#pragma once

#include "payments/reply_verdict.h"

namespace turnpike::stripe {

/// A pure function of the answer: the rules of spec stripe-razorpay-wire 1.1 and 1.4.
ReplyVerdict judge(const Result<http::Reply>& reply);

}  // namespace turnpike::stripe
