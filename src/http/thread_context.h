#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/id.h"
#include "http/response_writer.h"
#include "http/server.h"

namespace turnpike::http {

class Connection;

/// What all threads of a server count together.
struct ServerCounts {
    std::atomic<std::size_t> open{0};          ///< connections
    std::atomic<std::size_t> large_bodies{0};  ///< being read or handled
};

/// What the connections of one thread share. Only `counts` is touched from outside the thread.
struct ThreadContext {
    ThreadContext(const ServerConfig& server_config, const Dispatch& server_dispatch,
                  ServerCounts& server_counts);

    using TimePoint = std::chrono::steady_clock::time_point;

    /// Renews what changes once a second.
    void tick();
    /// Sends the connection's finished answers as soon as the thread is free.
    void flush_soon(Connection& connection);

    const ServerConfig& config;
    const Dispatch& dispatch;
    ServerCounts& counts;
    asio::io_context io{1};
    std::chrono::milliseconds tick_period;
    TimePoint now;             ///< as of the last tick
    std::string common_lines;  ///< Server, Date
    DefaultHeaders defaults;   ///< those of the configuration
    SystemClock clock;
    /// Request ids need to be unique, not secret: a system call for each would be felt.
    SeededIdSource ids;
    std::vector<Connection*> connections;
    std::vector<Connection*> unflushed;  ///< with answers that wait while a later handler runs
    bool is_stopping = false;
};

}  // namespace turnpike::http
