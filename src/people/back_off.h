#pragma once

#include <optional>

#include "base/time.h"

namespace turnpike {

/// How long somebody waits who fails again and again: `free` failures cost nothing, the next costs
/// `first`, each further one twice as much, up to `longest`.
struct BackOffRule {
    int free;
    Duration first;
    Duration longest;
    Duration forgotten_after;  ///< without an attempt
};

struct BackOff {
    int failures = 0;
    Instant until{};
    Instant last{};
};

/// Counts an attempt as failed until it is known to be good, so that many at once do not pass
/// together. \return how long to wait, when there is to be no attempt now; that counts nothing
std::optional<Duration> begin_attempt(BackOff& back_off, const BackOffRule& rule, Instant now);
/// The attempt that began then was good: it counts no more, and nobody waits because of it. What
/// others have failed stays, and so does a wait that a later failure has brought.
void forgive_one(BackOff& back_off, Instant began);

}  // namespace turnpike
