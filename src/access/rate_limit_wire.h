#pragma once

#include "access/rate_limit.h"
#include "http/message.h"

namespace turnpike {

/// The 429 of a refused verdict: the problem type of draft-ietf-httpapi-ratelimit-headers, the
/// policy that refused, and the headers of rate_headers().
http::Response write_rate_limited(const RateRule& rule, const RateVerdict& verdict,
                                  const http::Request& request);

}  // namespace turnpike
