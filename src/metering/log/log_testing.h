#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "metering/log/files/frame.h"

namespace turnpike::testing {

/// The smallest that a log takes.
inline const std::size_t kSmallSegmentBytes = frame_bytes(kFramePayloadMax) + 4096;

/// Between two looks at what another thread does: a loop without it takes the time of other tests.
inline void wait_a_little() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

/// An empty directory, removed with everything in it.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = std::filesystem::temp_directory_path() / "turnpike-XXXXXX";
        check(::mkdtemp(name.data()) != nullptr, "the temporary directory can be written to");
        path_ = name;
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

inline std::string sealed(std::uint64_t sequence, std::string_view payload) {
    FrameBuffer frame;
    frame.append(payload);
    return std::string(frame.seal(sequence));
}

inline std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes(std::filesystem::file_size(path), '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

inline void write_bytes(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline void overwrite(const std::string& path, std::size_t offset, std::string_view bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
}

}  // namespace turnpike::testing
