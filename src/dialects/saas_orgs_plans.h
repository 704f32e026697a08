#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "billing/provider/context.h"
#include "http/message.h"

namespace turnpike {

/// `/api/plans` of the published interface of organizations: what is sold, for everybody, and
/// changing it, for the seller's staff. The policy table has let the caller in already.
/// Thread-safe.
struct SaasOrgsPlans {
    using Answer = asio::awaitable<Result<http::Response>>;

    BillingContext& billing;
    std::string catalog;  ///< key of the one that it sells from

    Answer get_plans(const Principal& caller, const http::Request& request);
    Answer get_plan(const Principal& caller, const http::Request& request);
    Answer post_plan(const Principal& caller, const http::Request& request);
    Answer put_plan(const Principal& caller, const http::Request& request);
    Answer delete_plan(const Principal& caller, const http::Request& request);

private:
    /// The plan of the path, sold or not. Errors: NotFound "catalog.no_such_plan", also for one of
    /// another catalog.
    asio::awaitable<Result<PlanVersion>> named_plan(const http::Request& request);
    Answer answer_with(int status, const PlanVersion& plan);
};

}  // namespace turnpike
