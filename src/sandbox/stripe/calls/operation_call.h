#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "sandbox/stripe/calls/answer.h"
#include "sandbox/stripe/calls/browser_calls.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A request to the API that has passed every check that needs no database.
struct OperationCall {
    OperationHandler handler = nullptr;
    http::Method method = http::Method::Get;
    std::string secret_key;                       ///< "" when something else tells the account
    std::string session_token;                    ///< of a meter event stream
    std::optional<BrowserIntent> browser_intent;  ///< in place of both, with a publishable key
    std::string url;                              ///< "/v1/customers/cus_1"
    Json parameters;                              ///< decoded, without `expand`
    Params::Spellings spellings = Params::Spellings::Current;
    std::vector<std::string> expand;
    std::vector<std::pair<std::string_view, std::string>> path_values;
    RequestInfo request;
    std::string version;
    std::string base_url;
    Instant now;
};

/// What the limits of an account are counted for: the key, or what stands for it.
std::string_view limited_as(const OperationCall& call);

/// Authentication, version, form, and idempotency key of a request; `handler` and `path_values` are
/// left to the caller.
Outcome<OperationCall> read_call(const http::Request& request);

/// Stripe's 404 for a path or method it does not have.
StripeError unknown_url(const http::Request& request);

/// The parts of the twin that an operation runs with.
struct Workshop {
    const Surroundings& surroundings;
    IdSource& ids;
};

/// Runs the operation inside `tx`: replays a saved answer, or runs the handler, takes its effects
/// back when it failed, expands, and saves the answer under its key. Makes the account on first use
/// (so a read-only transaction must know that it exists).
WireAnswer run_operation(sql::Transaction& tx, const OperationCall& call, const Workshop& workshop);

}  // namespace turnpike::twin
