#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// A request to the API that has passed every check that needs no database.
struct ApiCall {
    OperationHandler handler = nullptr;
    http::Method method = http::Method::Get;
    std::string key_id, key_secret;
    Json parameters;
    std::vector<std::pair<std::string_view, std::string>> path_values;
    std::string refund_key;
    std::string digest;
    std::string base_url;  ///< "" when the request names no host
    Instant now;
};

/// Keys, body or query, and refund key of a request; `handler`, `path_values` and `now` are left to
/// the caller. A body is JSON, or (as the SDK's empty ones are) a form.
Outcome<ApiCall> read_call(const http::Request& request);

struct CallResult {
    int status = 200;
    Json body;
};
/// Runs the operation inside `tx` and takes its effects back when it failed. Makes the account on
/// first use, so a read-only transaction must know that it exists.
CallResult run_call(sql::Transaction& tx, const ApiCall& call, IdSource& ids);

}  // namespace turnpike::twin::razorpay
