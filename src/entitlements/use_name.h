#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"

namespace turnpike {

/// What a caller calls a use: the same name again is the same use. Without an id each call is a new
/// one.
struct UseName {
    std::optional<std::string> source, id;
};

/// A use that its body gives no id has the caller's Idempotency-Key, if there is one, under a
/// source of its own for each caller and route.
///
/// \param route  the route's own source: "turnpike.consume"
/// Errors: InvalidArgument "idempotency.key_malformed".
Result<UseName> name_of_use(UseName in_body, std::string_view route, const Principal& caller,
                            const http::Request& request);

}  // namespace turnpike
