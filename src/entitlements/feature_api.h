#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "entitlements/api.h"
#include "entitlements/feature_answer.h"
#include "entitlements/wire.h"
#include "http/message.h"
#include "json/json.h"

namespace turnpike {

/// What a customer has of each feature of its catalog, and what it is given instead.
struct FeatureApi {
    using Answer = asio::awaitable<Result<http::Response>>;

    EntitlementsApi& entitlements;

    /// GET /v1/customers/{customer}/entitlements: every feature, the meters among them
    Answer get_entitlements(const Principal& caller, const http::Request& request);
    /// PUT /v1/customers/{customer}/entitlements/{feature} {"value": .., "expires_at": ".."}
    Answer put_entitlement(const Principal& caller, const http::Request& request);
    /// DELETE /v1/customers/{customer}/entitlements/{feature}: the plan decides again
    Answer delete_entitlement(const Principal& caller, const http::Request& request);
};

/// What a check says of a feature that is no meter. Asks the ledger for what a capacity counts.
asio::awaitable<Json> check_feature(EntitlementsApi& entitlements, const Standing& standing,
                                    const Feature& feature, std::int64_t requested);
/// {"object": "entitlement", "feature": "csv_export", "allowed": true, ..}
Json write_feature_answer(const FeatureAnswer& answer, const Feature& feature,
                          const Standing& standing);

}  // namespace turnpike
