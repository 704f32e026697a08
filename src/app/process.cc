#include "app/process.h"

#include <array>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace turnpike {
namespace {

constexpr int kNoOutput = -1;

/// Starts a program with default signals; its output goes to `output`, or nowhere.
Result<pid_t> spawn(const std::vector<std::string>& arguments, int output) {
    std::vector<char*> argv;
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (output == kNoOutput)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    else
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    pid_t pid = 0;
    const int error = posix_spawnp(&pid, argv.front(), &actions, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0)
        return unavailable("process.failed", "cannot run " + arguments.front() + ": " +
                                                 std::system_category().message(error));
    return pid;
}

}  // namespace

Result<std::string> run_program(const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return unavailable("process.failed", "no pipe for " + arguments.front());
    const auto pid = spawn(arguments, ends[1]);
    close(ends[1]);
    std::string text;
    std::array<char, 4096> chunk{};
    for (ssize_t got = 0; (got = read(ends[0], chunk.data(), chunk.size())) > 0;)
        text.append(chunk.data(), static_cast<std::size_t>(got));
    close(ends[0]);
    if (!pid) return failure(pid);
    int status = 0;
    waitpid(*pid, &status, 0);
    if (status != 0) return unavailable("process.failed", arguments.front() + " failed: " + text);
    return text;
}

Result<BackgroundProgram> BackgroundProgram::start(const std::vector<std::string>& arguments) {
    const auto pid = spawn(arguments, kNoOutput);
    if (!pid) return failure(pid);
    return BackgroundProgram(*pid);
}

BackgroundProgram::BackgroundProgram(BackgroundProgram&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)) {}

BackgroundProgram::~BackgroundProgram() {
    if (pid_ == 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
}

}  // namespace turnpike
