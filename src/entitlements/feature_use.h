#pragma once

#include <optional>
#include <string>

#include "catalog/catalog.h"
#include "catalog/guards.h"
#include "entitlements/standing.h"
#include "entitlements/use_guards.h"
#include "http/message.h"

namespace turnpike {

/// What a refusal of a use is decided by and written with.
struct UseWorld {
    const Catalog& catalog;
    UseGuards& guards;
    const std::string& upgrade_url;  ///< "": nowhere to send them
    Instant now;                     ///< of the system
    bool is_use = true;              ///< false: a question, which no rate counts or stops
};

/// One use of a feature that is no meter, or why the customer may not: 402 with the plan that would
/// help ("needs premium"), 403 where no plan has it, 429 with Retry-After when he uses it more
/// often than its rate. What a capacity counts is not looked at: one that is not 0 is had.
///
/// \param feature_key  one that the customer's catalog does not know is had by nobody
/// \return nullopt: he may, and it is one use more of its rate
std::optional<http::Response> refuse_feature(const UseWorld& world, const Standing& standing,
                                             std::string_view feature_key,
                                             const http::Request& request);

/// The same for everything that a route of a host asks for.
std::optional<http::Response> refuse_route(const UseWorld& world, const Standing& standing,
                                           const RouteGuard& guard, const http::Request& request);

}  // namespace turnpike
