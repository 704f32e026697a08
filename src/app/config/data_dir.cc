#include "app/config/data_dir.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

std::string reason() { return std::system_category().message(errno); }

std::unexpected<Error> unusable(const std::string& path, const std::string& why) {
    return unavailable("data.unusable", path + ": " + why);
}

/// A new file with exactly this text, synced; nothing when `path` exists already.
Result<std::monostate> create_file(const std::string& path, const std::string& text) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return unusable(path, reason());
    const auto written = write(file, text.data(), text.size());
    const bool good = written == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
    const std::string why = good ? "" : reason();
    close(file);
    if (!good) return unusable(path, why);
    return std::monostate{};
}

}  // namespace

Result<std::monostate> prepare_data_dir(const std::string& dir) {
    std::error_code error;
    std::filesystem::create_directories(dir, error);
    if (error) return unusable(dir, error.message());
    std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
    if (access(dir.c_str(), W_OK | X_OK) != 0) return unusable(dir, reason());
    return std::monostate{};
}

std::optional<std::string> read_text_file(const std::string& path) {
    std::error_code ignored;
    // A directory would open, and read as nothing.
    if (std::filesystem::is_directory(path, ignored)) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Result<std::monostate> write_text_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new." + std::to_string(getpid());
    unlink(fresh.c_str());
    const auto created = create_file(fresh, text);
    if (!created) return failure(created);
    if (rename(fresh.c_str(), path.c_str()) != 0) return unusable(path, reason());
    return std::monostate{};
}

Result<std::monostate> append_line(const std::string& path, const std::string& line) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return unusable(path, reason());
    const std::string text = line + "\n";
    const auto written = write(file, text.data(), text.size());
    const bool good = written == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
    const std::string why = good ? "" : reason();
    close(file);
    if (!good) return unusable(path, why);
    return std::monostate{};
}

Result<std::string> load_or_make_secret(const std::string& dir, const std::string& name,
                                        std::size_t bytes) {
    const std::string path = dir + "/" + name;
    if (auto kept = read_text_file(path)) return *std::move(kept);
    const std::string fresh = path + ".new." + std::to_string(getpid());
    unlink(fresh.c_str());
    const auto created = create_file(fresh, to_hex(random_bytes(bytes)));
    if (!created) return failure(created);
    // link, unlike rename, keeps the file of whoever was first.
    const bool linked = link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST;
    const std::string why = linked ? "" : reason();
    unlink(fresh.c_str());
    if (!linked) return unusable(path, why);
    return *read_text_file(path);
}

}  // namespace turnpike
