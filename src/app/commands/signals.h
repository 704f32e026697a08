#pragma once

namespace turnpike {

/// Blocks the signals that end or poke a server, for this thread and every thread made later. Call
/// before any thread starts.
void block_signals();

/// Waits for SIGINT or SIGTERM. A second one during the shutdown that follows ends the process at
/// once. SIGHUP calls `reopen` and waits on; `reopen` must be a plain function object.
template <class Reopen>
void wait_for_end(Reopen reopen);

/// The next blocked signal: SIGINT, SIGTERM or SIGHUP.
int next_signal();
/// From now on SIGINT and SIGTERM have their usual effect.
void unblock_ending_signals();

template <class Reopen>
void wait_for_end(Reopen reopen) {
    constexpr int kHangUp = 1;  // SIGHUP, POSIX
    while (next_signal() == kHangUp) reopen();
    unblock_ending_signals();
}

}  // namespace turnpike
