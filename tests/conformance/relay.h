#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace turnpike::sql {

/// Stands between a client and a server on this machine, and can take the server away: by silence,
/// as a machine that hangs, or by closing its port, as a server that is stopped. Has a thread of
/// its own.
class Relay {
public:
    /// \param url  a postgres:// URL of a server on a port of 127.0.0.1
    explicit Relay(const std::string& url);
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay();

    /// The same database, through the relay.
    [[nodiscard]] std::string url() const;

    /// Connections are still taken, and nothing is passed on in either direction.
    void fall_silent();
    void speak();
    /// Every connection breaks and none is taken.
    void close();
    /// On the same port as before.
    void open();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::sql
