#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace turnpike {

/// The session of a browser. "__Host-": browsers take it only with Secure, Path=/ and no Domain, so
/// that no neighbouring host can plant one.
inline constexpr std::string_view kSessionCookie = "__Host-turnpike_session";

/// The text of our cookie; empty when there is none.
///
/// Errors: Unauthenticated "access.credential_malformed" when it is there twice.
Result<std::string_view> session_cookie(const http::Headers& headers);

/// Whether the request may change something on the strength of a cookie: a browser says where it
/// comes from, in Sec-Fetch-Site or at least in Origin, and it must be from here.
///
/// Errors: Forbidden "access.cross_site".
Result<void> check_same_site(const http::Request& request);

/// Set-Cookie: until the browser is closed, as the session's end moves with its use.
std::string set_session_cookie(std::string_view secret);
std::string clear_session_cookie();

}  // namespace turnpike
