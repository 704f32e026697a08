#pragma once

#include <span>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "http/message.h"

namespace turnpike {

class App;

using Handler = boost::asio::awaitable<Result<http::Response>> (*)(App&, const Principal&,
                                                                   const http::Request&);

/// What is served: method, pattern, and the feature's handler. Who may call it stands in
/// access/policy.h; a route without a policy does not compile.
struct Route {
    http::Method method;
    std::string_view pattern;
    Handler handler;
};

std::span<const Route> all_routes();

}  // namespace turnpike
