#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "http/message.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// How an answer came about; each has its own headers.
enum class Execution : std::uint8_t { NotBegun, Executed, Replayed };

struct WireAnswer {
    int status = 200;
    std::string body;
    Execution execution = Execution::NotBegun;
    std::string original_request{};  ///< the request that a replay repeats
};

/// What an error carries in `extra` that Stripe keeps no log of: it has no link to one.
Json unlogged();

/// {"error": {...}} as Stripe writes it: members by name, links to the documentation and the log.
std::string error_text(const StripeError& error, const std::string& request_id, Instant now);

/// Pretty-printed, as Stripe sends JSON.
std::string wire_text(const Json& answer);

/// The recorded headers of an answer of Stripe's.
struct AnswerContext {
    std::string request_id;
    std::string version;          ///< to echo; "" leaves the header out (401)
    std::string idempotency_key;  ///< to echo
    http::Method method = http::Method::Get;
};
http::Response wire_response(WireAnswer answer, const AnswerContext& context);

/// For a call that is not answered in earnest: 429, or 500, which says nothing of what was done.
http::Response excuse_of(const http::Request& request, int status, const std::string& request_id,
                         Instant now);

/// The error body for what the HTTP server refused itself: a body over its limit (413), bad
/// framing.
http::Response refused_request(const http::Request& request, int status, Instant now);

}  // namespace turnpike::twin
