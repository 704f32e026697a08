#pragma once

#include <boost/asio/awaitable.hpp>

#include "json/json.h"
#include "sandbox/chaos/chaos.h"
#include "sandbox/html.h"
#include "sandbox/inspector/notices.h"

/// The chaos switches, for people: what the plan is, what it has done, and forms that change it.
namespace turnpike::twin {

inline constexpr std::string_view kChaosPage = "/inspect/chaos";

/// The caller has asked the guard.
asio::awaitable<PageAnswer> chaos_page(Chaos& chaos, Notice said);
/// Does what a form of the page wants. \return what the page is to say then
asio::awaitable<Notice> change_chaos(Chaos& chaos, const Json& form);

}  // namespace turnpike::twin
