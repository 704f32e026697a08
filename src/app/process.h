#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"

namespace turnpike {

/// Runs a program (found on PATH) to its end and returns what it printed on standard output.
/// Errors: Unavailable "process.failed" when it cannot start or does not exit with 0.
Result<std::string> run_program(const std::vector<std::string>& arguments);

/// A program in the background, ended (SIGTERM, by its process id) and awaited by the destructor.
class BackgroundProgram {
public:
    /// Errors: Unavailable "process.failed".
    static Result<BackgroundProgram> start(const std::vector<std::string>& arguments);
    ~BackgroundProgram();
    BackgroundProgram(BackgroundProgram&& other) noexcept;
    BackgroundProgram& operator=(BackgroundProgram&&) = delete;

private:
    explicit BackgroundProgram(pid_t pid) : pid_(pid) {}
    pid_t pid_;
};

}  // namespace turnpike
