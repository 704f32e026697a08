#include "sandbox/stripe/core/stream_sessions.h"

#include "base/check.h"
#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

/// Rows by token: nothing else asks for a session.
constexpr std::string_view kStreamSessionKind = "v2.billing.meter_event_session";
constexpr auto kSessionLifetime = std::chrono::minutes(15);

Refusal unauthorized_session(std::string type, std::string code, std::string message) {
    StripeError error;
    error.http_status = 401;
    error.type = std::move(type);
    error.code = std::move(code);
    error.message = std::move(message);
    return Refusal(std::move(error));
}

}  // namespace

StreamSession open_stream_session(Context& ctx) {
    const StreamSession session{.token = ctx.new_id("token"),
                                .expires_at = ctx.now() + kSessionLifetime};
    ctx.put({{"id", session.token},
             {"object", std::string(kStreamSessionKind)},
             {"created", unix_seconds(ctx.now())},
             {"_expires_at", unix_seconds(session.expires_at)}});
    return session;
}

Outcome<std::string> account_of_session(sql::Transaction& tx, const std::string& token,
                                        Instant now) {
    const auto account = find_owner(tx, kStreamSessionKind, token);
    if (!account)
        return unauthorized_session("invalid_request_error", "",
                                    "Invalid authentication token. The meter event stream takes "
                                    "the authentication_token of a meter event session.");
    const auto stored = load_object(tx, {*account, kStreamSessionKind, token});
    const auto session = stored ? parse_json(stored->body) : Result<Json>(Json());
    check(session.has_value(), "the sandbox stores JSON");
    if (unix_seconds(now) < integer_of(*session, "_expires_at")) return *account;
    return unauthorized_session("temporary_session_expired", "billing_meter_event_session_expired",
                                "The temporary session token has expired.");
}

}  // namespace turnpike::twin
