#pragma once

#include <cerrno>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <system_error>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace turnpike::testing {

/// Runs `work` in a process of its own and kills that where it enters or leaves a system call for
/// the `stop`-th time, from 1 on: between any two of them nothing changes on disk.
/// \return false: it had ended by itself before
inline bool killed_at(int stop, const std::function<void()>& work) {
    constexpr int kSystemCallStop = SIGTRAP | 0x80;
    const pid_t child = ::fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
        ::raise(SIGSTOP);
        work();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) throw std::runtime_error("a child of ours may not be traced");
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    long signal = 0;
    for (int stops = 0; stops < stop;) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, signal);
        ::waitpid(child, &status, 0);
        if (WIFEXITED(status)) {
            if (WEXITSTATUS(status) != 0) throw std::runtime_error("the child failed");
            return false;
        }
        if (WIFSIGNALED(status)) throw std::runtime_error("the child died by itself");
        const bool is_call = WSTOPSIG(status) == kSystemCallStop;
        stops += is_call ? 1 : 0;
        signal = is_call ? 0 : WSTOPSIG(status);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return true;
}

}  // namespace turnpike::testing
