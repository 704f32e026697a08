#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/sharded_fifo_map.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/siphash.h"
#include "people/back_off.h"

namespace turnpike {

/// Whether somebody signs in from where he did before; a stranger who fails on his account must not
/// keep him out.
enum class Peer : bool { Strange, Familiar };

/// Slows guessing down: per account and address, per address, and, for strange addresses, per
/// account. Nobody is locked out: even a strange address waits a minute at most for what other
/// addresses did. Per process, bounded, thread-safe; it knows keyed digests, no addresses.
class SignInGuard {
public:
    explicit SignInGuard(std::size_t capacity = 65'536);

    struct Attempt {
        std::string account;  ///< the folded e-mail; whether there is such a user does not matter
        std::string peer;
    };
    /// Counts the attempt as failed until succeeded() is told otherwise.
    ///
    /// Errors: LimitExceeded "people.too_many_attempts", with retry_after_s.
    Result<void> begin(const Attempt& attempt, Peer familiar, Instant now);
    /// The attempt that began then was good. It forgives what was failed on this account from this
    /// address, and of what is counted for all accounts or all addresses itself alone: whoever has
    /// an account does not buy guesses on others by signing in.
    void succeeded(const Attempt& attempt, Peer familiar, Instant began);

private:
    Digest128 key_of(std::string_view kind, std::string_view text) const;
    std::optional<Duration> count(const Digest128& key, const BackOffRule& rule, Instant now);
    void forgive(const Digest128& key, Instant began);

    SipKey key_;
    ShardedFifoMap<Digest128, BackOff, Digest128Hash> back_offs_;
};

}  // namespace turnpike
