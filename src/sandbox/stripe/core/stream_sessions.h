#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"

/// Sessions of the meter event stream: the one operation that takes a session's token for 15
/// minutes in place of a secret key.
namespace turnpike::twin {

inline constexpr std::string_view kStreamPath = "/v2/billing/meter_event_stream";

struct StreamSession {
    std::string token;
    Instant expires_at;
};
StreamSession open_stream_session(Context& ctx);

/// The account that opened the session. Errors: 401 for an unknown token; 401
/// billing_meter_event_session_expired.
Outcome<std::string> account_of_session(sql::Transaction& tx, const std::string& token,
                                        Instant now);

}  // namespace turnpike::twin
