#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

/// A file that lives in memory, by a path, for readers that open files.
class MemoryFile {
public:
    explicit MemoryFile(std::span<const std::byte> bytes)
        : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)),
          path_("/proc/self/fd/" + std::to_string(descriptor_)) {
        turnpike::check(descriptor_ >= 0, "memory can be a file");
        const auto written = write(descriptor_, bytes.data(), bytes.size());
        turnpike::check(written == static_cast<ssize_t>(bytes.size()),
                        "memory takes what is written");
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { close(descriptor_); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    int descriptor_;
    std::string path_;
};
