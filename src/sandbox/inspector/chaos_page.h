#pragma once

#include <boost/asio/awaitable.hpp>

#include "http/message.h"
#include "json/json.h"
#include "sandbox/chaos/chaos.h"
#include "sandbox/html.h"

/// The chaos switches, for people: what the plan is, what it has done, and forms that change it.
namespace turnpike::twin {

inline constexpr std::string_view kChaosPage = "/inspect/chaos";

/// The page, and what its forms do (303, or the page with what is wrong). The caller has asked the
/// guard.
asio::awaitable<PageAnswer> chaos_page(Chaos& chaos, const http::Request& request,
                                       const Json& form);

}  // namespace turnpike::twin
