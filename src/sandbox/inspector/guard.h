#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

/// Who may use the inspector, which asks for no key: people at this address, never another web page
/// that their browser shows.
namespace turnpike::twin {

/// "" for a request that may be answered; otherwise why not, for people. Refused are: a Host that
/// is neither an IP address nor localhost nor a name without dots (a public name may have been
/// pointed here by somebody else: DNS rebinding), and a POST from a page of another origin.
std::string refusal_of_guard(const http::Request& request);

/// "localhost:12111", "127.0.0.1", "[::1]:12111", "sandbox:12111", "a.localhost"
bool is_local_host(std::string_view host);

}  // namespace turnpike::twin
