#pragma once

#include <map>
#include <string>
#include <utility>

#include "turnpike/client/client.h"
#include "turnpike/client/reservation.h"
#include "turnpike/client/result.h"

namespace turnpike::client {

/// Releases a reservation when the work ends early, by a return or an exception:
///
///     const auto reserved = client.reserve({.customer = "acme", .meter = "tokens",
///                                           .quantity = "4000"});
///     if (!reserved) return complain(reserved.error());
///     if (reserved->outcome != ReserveOutcome::Held) return refuse(reserved->standing);
///     Hold hold(client, reserved->reservation->id);
///     const auto done = complete(prompt);
///     const auto ended = hold.commit(done.tokens);
///
/// From the first commit() on it releases nothing: what was used stays to be recorded, by another
/// commit(), until the reservation expires. For one thread.
class Hold {
public:
    /// `client` outlives it.
    Hold(Client& client, std::string reservation)
        : client_(client), reservation_(std::move(reservation)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    /// Waits as release() does; what it cannot release expires.
    ~Hold() {
        if (!is_used_) static_cast<void>(client_.release(reservation_));
    }

    /// As Client::commit().
    Result<EndAnswer> commit(const std::string& quantity,
                             const std::map<std::string, std::string>& properties = {}) {
        is_used_ = true;
        return client_.commit(reservation_, quantity, properties);
    }

private:
    Client& client_;
    const std::string reservation_;
    bool is_used_ = false;
};

}  // namespace turnpike::client
