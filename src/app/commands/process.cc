#include "app/commands/process.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
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

/// As execve takes them; they point into `texts`.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

/// Starts a program with default signals; its output goes to `output`, or nowhere.
Result<pid_t> spawn(const std::vector<std::string>& arguments,
                    const BackgroundProgram::Environment& environment, int output) {
    const auto argv = pointers_to(arguments);
    const auto own = environment ? pointers_to(*environment) : std::vector<char*>();

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
    const int error = posix_spawnp(&pid, argv.front(), &actions, &attributes, argv.data(),
                                   environment ? own.data() : environ);
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
    const auto pid = spawn(arguments, std::nullopt, ends[1]);
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

std::chrono::microseconds cpu_used_by(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    // The program's name, which may hold anything, ends with the last bracket. State and ten
    // numbers stand between it and the times.
    std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    std::int64_t user = 0, system = 0;
    fields >> user >> system;
    return std::chrono::microseconds((user + system) * 1'000'000 / sysconf(_SC_CLK_TCK));
}

std::uint64_t resident_bytes_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t size_pages = 0, resident_pages = 0;
    file >> size_pages >> resident_pages;
    return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<BackgroundProgram> BackgroundProgram::start(const std::vector<std::string>& arguments,
                                                   const Environment& environment) {
    const auto pid = spawn(arguments, environment, kNoOutput);
    if (!pid) return failure(pid);
    return BackgroundProgram(*pid);
}

BackgroundProgram::BackgroundProgram(BackgroundProgram&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)) {}

bool BackgroundProgram::has_ended() {
    if (pid_ != 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
    return pid_ == 0;
}

void BackgroundProgram::end_by(int signal) {
    const pid_t pid = std::exchange(pid_, 0);
    if (pid == 0) return;
    ::kill(pid, signal);
    waitpid(pid, nullptr, 0);
}

}  // namespace turnpike
