#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "entitlements/api.h"
#include "http/message.h"

namespace turnpike {

/// OFREP, the OpenFeature Remote Evaluation Protocol (0.3.0), so that any OpenFeature SDK can read
/// entitlements. Every feature of the customer's catalog is one flag: a boolean, a text, or the
/// limit of a capacity (1000000000 where it has none). Every meter is a boolean: true while the
/// customer, who is the context's targetingKey, may use one unit more. `variant` is the decision's
/// reason, and `metadata` has its numbers as decimal texts. Evaluating consumes nothing; where the
/// standing is cached, no database is asked.
///
/// What the protocol has an error for is answered in its own form: PARSE_ERROR,
/// TARGETING_KEY_MISSING, INVALID_CONTEXT (also: no such customer) and GENERAL with 400,
/// FLAG_NOT_FOUND with 404. A missing credential, right or ledger is the usual problem.
struct OfrepApi {
    EntitlementsApi& entitlements;

    /// POST /ofrep/v1/evaluate/flags/{key}
    asio::awaitable<Result<http::Response>> post_one(const Principal& caller,
                                                     const http::Request& request);
    /// POST /ofrep/v1/evaluate/flags: all flags, with an ETag; 304 when If-None-Match has it.
    asio::awaitable<Result<http::Response>> post_all(const Principal& caller,
                                                     const http::Request& request);
};

}  // namespace turnpike
