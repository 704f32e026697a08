#include "sql/sqlite/file_lock.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace turnpike::sql::sqlite {

Result<FileLock> FileLock::take(const std::string& file) {
    const std::string name = file + ".lock";
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return unavailable(
            "database.unreachable",
            fmt::format("cannot open {}: {}", name, std::generic_category().message(errno)));
    FileLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK)
        return conflict("database.in_use",
                        fmt::format("another process uses {}; stop it first, or give this one a "
                                    "database of its own",
                                    file));
    return unavailable("database.unreachable", fmt::format("cannot lock {}: {}", name,
                                                           std::generic_category().message(errno)));
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace turnpike::sql::sqlite
