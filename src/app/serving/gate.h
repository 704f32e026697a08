#pragma once

#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "http/message.h"

namespace turnpike {

class App;

/// What every request passes, in this order: route, policy, credential, right, rate limit,
/// idempotency key, handler, problem body, metrics. The only place where these are decided.
/// Thread-safe.
class Gate {
public:
    explicit Gate(App& app);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    boost::asio::awaitable<http::Response> answer(http::Request& request);
    /// Before a large body is read: the answer to a request that would be refused with any body;
    /// nullopt for the others, which come to answer() later.
    boost::asio::awaitable<std::optional<http::Response>> refusal_of_large_body(
        http::Request& head);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike
