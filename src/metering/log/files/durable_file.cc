#include "metering/log/files/durable_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace turnpike {
namespace {

std::unexpected<Error> cannot(const char* verb, const std::string& path) {
    const std::string why = std::system_category().message(errno);
    return unavailable("file.refused", path + ": cannot " + verb + ": " + why);
}

}  // namespace

DurableFile::DurableFile(int descriptor, std::string path, std::string unpublished)
    : descriptor_(descriptor), path_(std::move(path)), unpublished_(std::move(unpublished)) {}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      unpublished_(std::exchange(other.unpublished_, {})),
      size_bytes_(other.size_bytes_) {}

DurableFile::~DurableFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!unpublished_.empty()) unlink(unpublished_.c_str());
}

Result<DurableFile> DurableFile::open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return cannot("open", path);
    DurableFile file(descriptor, path, {});
    struct stat status{};
    if (fstat(descriptor, &status) != 0) return cannot("examine", path);
    file.size_bytes_ = static_cast<std::uint64_t>(status.st_size);
    return file;
}

Result<DurableFile> DurableFile::create(const std::string& path) {
    const std::string unpublished = path + ".new";
    const int descriptor =
        ::open(unpublished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return cannot("create", unpublished);
    return DurableFile(descriptor, path, unpublished);
}

Result<std::monostate> DurableFile::read_at(std::uint64_t offset,
                                            std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const auto got = pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot("read", path_);
        if (got == 0) return unavailable("file.too_short", path_ + ": it ends too early");
        offset += static_cast<std::uint64_t>(got);
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return std::monostate{};
}

Result<std::monostate> DurableFile::write_at(std::uint64_t offset,
                                             std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto put =
            pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return cannot("write", unpublished_);
        offset += static_cast<std::uint64_t>(put);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return std::monostate{};
}

void DurableFile::begin_writeback(std::uint64_t offset, std::uint64_t bytes) const {
    (void)sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(bytes),
                          SYNC_FILE_RANGE_WRITE);
}

Result<std::monostate> DurableFile::publish() {
    if (fdatasync(descriptor_) != 0) return cannot("sync", unpublished_);
    if (rename(unpublished_.c_str(), path_.c_str()) != 0) return cannot("rename to", path_);
    unpublished_.clear();
    const auto slash = path_.rfind('/');
    return sync_directory(slash == std::string::npos ? "." : path_.substr(0, slash + 1));
}

bool exists(const std::string& path) {
    struct stat status{};
    return lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::uint64_t bytes_below(const std::string& directory) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory, error))
        if (file.is_regular_file(error)) bytes += file.file_size(error);
    return bytes;
}

Result<std::monostate> sync_directory(const std::string& directory) {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return cannot("open", directory);
    const int synced = fsync(descriptor);
    const int why = errno;
    close(descriptor);
    errno = why;
    if (synced != 0) return cannot("sync", directory);
    return std::monostate{};
}

}  // namespace turnpike
