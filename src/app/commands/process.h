#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"

namespace turnpike {

/// Runs a program (found on PATH) to its end and returns what it printed on standard output.
/// Errors: Unavailable "process.failed" when it cannot start or does not exit with 0.
Result<std::string> run_program(const std::vector<std::string>& arguments);

/// CPU time of a process since its start, user and system, in steps of 10 ms; 0 when it is gone.
std::chrono::microseconds cpu_used_by(pid_t pid);
/// Memory of a process that is in RAM; 0 when it is gone.
std::uint64_t resident_bytes_of(pid_t pid);

/// A program in the background, ended (SIGTERM, by its process id) and awaited by the destructor.
class BackgroundProgram {
public:
    /// "NAME=value"; nullopt: as this process has it.
    using Environment = std::optional<std::vector<std::string>>;
    /// Errors: Unavailable "process.failed".
    static Result<BackgroundProgram> start(const std::vector<std::string>& arguments,
                                           const Environment& environment = std::nullopt);
    ~BackgroundProgram() { end(); }
    BackgroundProgram(BackgroundProgram&& other) noexcept;
    BackgroundProgram& operator=(BackgroundProgram&&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// True once it ended by itself; then there is nothing more to end.
    [[nodiscard]] bool has_ended();
    void end() { end_by(SIGTERM); }
    /// As a power cut would.
    void kill() { end_by(SIGKILL); }

private:
    explicit BackgroundProgram(pid_t pid) : pid_(pid) {}
    void end_by(int signal);

    pid_t pid_;  ///< 0: it has ended
};

}  // namespace turnpike
