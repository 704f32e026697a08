#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "base/error.h"

namespace turnpike {

/// A file that is there whole or not at all: written under another name (`path` + ".new"), synced,
/// and renamed by publish(). What was never published is unlinked by the destructor.
///
/// Errors of all calls: Unavailable "file.refused", with the path and the system's reason. Threads:
/// one at a time, but read_at() may run on several.
class DurableFile {
public:
    /// For reading.
    static Result<DurableFile> open(const std::string& path);
    /// For writing and reading back; replaces a left-over of an earlier try.
    static Result<DurableFile> create(const std::string& path);

    DurableFile(DurableFile&& other) noexcept;
    DurableFile& operator=(DurableFile&& other) = delete;
    ~DurableFile();

    [[nodiscard]] const std::string& path() const { return path_; }
    /// When it was opened.
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

    /// Fills `bytes` from `offset`.
    /// Errors: also Unavailable "file.too_short" when it ends before.
    Result<std::monostate> read_at(std::uint64_t offset, std::span<std::byte> bytes) const;
    Result<std::monostate> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    /// Asks the system to begin writing these bytes out, so that publish() has little left to wait
    /// for and the log's own syncs meet no flood. A hint; nothing is promised.
    void begin_writeback(std::uint64_t offset, std::uint64_t bytes) const;
    /// After this the file is at `path`, durable, and stays there.
    Result<std::monostate> publish();

private:
    DurableFile(int descriptor, std::string path, std::string unpublished);

    int descriptor_;
    std::string path_;
    std::string unpublished_;  ///< its name until then; empty when there is nothing to publish
    std::uint64_t size_bytes_ = 0;
};

/// True for anything of this name.
bool exists(const std::string& path);
/// Of all files in `directory` and below; what cannot be examined counts nothing.
std::uint64_t bytes_below(const std::string& directory);
/// Makes the names in `directory` durable.
/// Errors: Unavailable "file.refused".
Result<std::monostate> sync_directory(const std::string& directory);

}  // namespace turnpike
