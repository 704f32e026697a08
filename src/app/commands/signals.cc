#include "app/commands/signals.h"

#include <csignal>
#include <initializer_list>

#include <pthread.h>

namespace turnpike {
namespace {

sigset_t server_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&set, signal);
    // A write beyond the largest file that is allowed then fails as one on a full disk does.
    sigaddset(&set, SIGXFSZ);
    return set;
}

}  // namespace

void block_signals() {
    const sigset_t set = server_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int next_signal() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    int signal = 0;
    sigwait(&set, &signal);
    return signal;
}

void unblock_ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace turnpike
