#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>

#include "http/message.h"

namespace turnpike {

class App;

/// What every request passes, in this order: route, policy, credential, right, rate limit, handler,
/// problem body, metrics. The only place where these are decided. Thread-safe.
class Gate {
public:
    explicit Gate(App& app);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    boost::asio::awaitable<http::Response> answer(http::Request& request);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike
