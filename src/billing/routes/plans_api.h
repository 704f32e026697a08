#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "billing/provider/context.h"
#include "http/message.h"

namespace turnpike {

/// What is sold, and changing it while the server runs.
struct PlansApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContext& billing;

    /// GET /v1/plans?catalog=&archived=true: what is sold now, of one catalog or of all; with
    /// `archived`, also what is not sold any more.
    Answer get_plans(const Principal& caller, const http::Request& request);
    /// GET /v1/plans/{plan}, by qualified name or id. Errors: NotFound "catalog.no_such_plan".
    Answer get_plan(const Principal& caller, const http::Request& request);
    /// GET /v1/plans/{plan}/versions, newest first
    Answer get_versions(const Principal& caller, const http::Request& request);
    /// POST /v1/plans
    Answer post_plan(const Principal& caller, const http::Request& request);
    /// PATCH /v1/plans/{plan}
    Answer patch_plan(const Principal& caller, const http::Request& request);
    /// DELETE /v1/plans/{plan}: it is archived
    Answer delete_plan(const Principal& caller, const http::Request& request);
    /// GET /v1/features?catalog=: those that plans have values of, and the meters
    Answer get_features(const Principal& caller, const http::Request& request);
    /// POST /v1/features
    Answer post_feature(const Principal& caller, const http::Request& request);
};

}  // namespace turnpike
