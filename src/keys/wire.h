#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/stored_keys.h"
#include "base/error.h"
#include "json/json.h"

namespace turnpike {

/// What POST /v1/api_keys asks for: a seller's key with scopes, or a customer's key.
struct KeyRequest {
    std::string name;
    std::vector<Scope> scopes;                ///< empty exactly when `customer` is there
    std::optional<std::string> customer_ref;  ///< as find_customer takes it
    std::optional<Instant> expires_at;
};

/// Errors: InvalidArgument "request.invalid_body".
Result<KeyRequest> read_key_request(const Json& body);
/// Never the secret, which nobody but its owner has.
Json write_key(const ApiKey& key);

}  // namespace turnpike
