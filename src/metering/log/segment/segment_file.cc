#include "metering/log/segment/segment_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metering/log/files/frame.h"

namespace turnpike {
namespace {

constexpr std::string_view kSuffix = ".log";
constexpr std::string_view kSealedSuffix = ".sealed";
constexpr std::size_t kSequenceDigits = 20;

std::string reason_of(int error) { return std::generic_category().message(error); }

std::unexpected<Error> unreachable(const std::string& path, int error) {
    return fail(ErrorCode::Unavailable, "usage_log.unreachable",
                fmt::format("{}: {}", path, reason_of(error)));
}

/// Clients are told, so it names no path.
std::unexpected<Error> disk_full(int error) {
    return fail(ErrorCode::Unavailable, "usage_log.disk_full",
                fmt::format("the server has no space for usage: {}", reason_of(error)));
}

/// Closes the file it owns.
class Descriptor {
public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] bool valid() const { return descriptor_ >= 0; }
    [[nodiscard]] int get() const { return descriptor_; }
    int release() { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

/// The whole of a file, for reading.
class Mapping {
public:
    Mapping(int descriptor, std::size_t bytes)
        : bytes_(bytes), data_(::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0)) {}
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (valid()) ::munmap(data_, bytes_);
    }
    [[nodiscard]] bool valid() const { return data_ != MAP_FAILED; }
    [[nodiscard]] std::string_view text() const {
        return {static_cast<const char*>(data_), bytes_};
    }

private:
    std::size_t bytes_;
    void* data_;
};

/// Nothing valid follows `rest` when it is what a crash left behind.
SegmentEnd end_at(std::string_view rest, std::uint64_t next_sequence, std::size_t offset) {
    using State = SegmentEnd::State;
    if (is_blank_space(rest)) return {State::Clean, next_sequence, offset};
    const bool damaged = holds_frame_from(rest, next_sequence);
    return {damaged ? State::Damaged : State::Torn, next_sequence, offset};
}

Result<std::monostate> sync_names(const std::string& directory) {
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid() || ::fsync(opened.get()) != 0) return unreachable(directory, errno);
    return std::monostate{};
}

Result<std::monostate> allocate_space(const Descriptor& file, const std::string& path,
                                      std::size_t bytes) {
    const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
    if (error != 0) return disk_full(error);
    if (::fsync(file.get()) != 0) return unreachable(path, errno);
    return std::monostate{};
}

/// nullopt for the name of something else.
std::optional<SegmentPlace> place_named(const std::filesystem::path& path) {
    const std::string name = path.filename();
    if (name.size() < kSequenceDigits) return std::nullopt;
    SegmentPlace place{path, 0, SegmentForm::Log};
    const char* end = name.data() + kSequenceDigits;
    if (std::from_chars(name.data(), end, place.first_sequence).ptr != end) return std::nullopt;
    const auto suffix = std::string_view(name).substr(kSequenceDigits);
    if (suffix == kSealedSuffix) place.form = SegmentForm::Sealed;
    if (suffix != kSuffix && suffix != kSealedSuffix) return std::nullopt;
    return place;
}

Result<std::vector<SegmentPlace>> look_for_segments(const std::string& directory) {
    std::vector<SegmentPlace> found;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        if (auto place = place_named(entry->path())) found.push_back(*std::move(place));
    if (error) return unreachable(directory, error.value());
    std::ranges::sort(found, {}, [](const SegmentPlace& place) {
        return std::pair(place.first_sequence, place.form);
    });
    const auto repeated = std::ranges::unique(found, {}, &SegmentPlace::first_sequence);
    found.erase(repeated.begin(), repeated.end());
    return found;
}

}  // namespace

std::string segment_name(std::uint64_t first_sequence) {
    return sequence_name(first_sequence, kSuffix);
}

std::string sequence_name(std::uint64_t sequence, std::string_view suffix) {
    return fmt::format("{:0{}}{}", sequence, kSequenceDigits, suffix);
}

std::string sealed_path(const SegmentPlace& place) {
    const std::filesystem::path directory = std::filesystem::path(place.path).parent_path();
    return directory / sequence_name(place.first_sequence, kSealedSuffix);
}

Result<std::vector<SegmentPlace>> list_segments(const std::string& directory) {
    // A look that runs while a segment is sealed may meet neither its old name nor its new one; the
    // next look does.
    auto found = look_for_segments(directory);
    for (bool is_settled = false; found && !is_settled;) {
        auto again = look_for_segments(directory);
        is_settled = again && std::ranges::equal(*found, *again, {}, &SegmentPlace::first_sequence,
                                                 &SegmentPlace::first_sequence);
        found = std::move(again);
    }
    return found;
}

Result<SegmentEnd> scan_segment(const SegmentPlace& segment, std::uint64_t from,
                                const FrameVisitor& visit) {
    const Descriptor file(::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts{};
    if (!file.valid() || ::fstat(file.get(), &facts) != 0) return unreachable(segment.path, errno);
    if (facts.st_size == 0) return SegmentEnd{.next_sequence = segment.first_sequence};
    const Mapping mapped(file.get(), static_cast<std::size_t>(facts.st_size));
    if (!mapped.valid()) return unreachable(segment.path, errno);

    const std::string_view bytes = mapped.text();
    std::uint64_t next = segment.first_sequence;
    std::size_t offset = 0;
    for (;;) {
        const auto read = read_frame(bytes.substr(offset));
        if (read.state != FrameRead::State::Frame || read.sequence != next)
            return end_at(bytes.substr(offset), next, offset);
        if (next >= from) {
            auto visited = visit(next, read.payload);
            if (!visited) return failure(std::move(visited));
        }
        ++next;
        offset += read.size;
    }
}

Result<std::monostate> read_segment(const SegmentPlace& segment, std::uint64_t last_sequence,
                                    const FrameVisitor& visit) {
    const auto read = read_segment_from(segment, {segment.first_sequence, 0}, last_sequence, visit,
                                        [] { return false; });
    if (!read) return failure(read);
    return std::monostate{};
}

Result<FramePlace> read_segment_from(const SegmentPlace& segment, const FramePlace& from,
                                     std::uint64_t last_sequence, const FrameVisitor& visit,
                                     const std::function<bool()>& has_enough) {
    FramePlace at = from;
    if (last_sequence < from.sequence) return at;
    const Descriptor file(::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts{};
    if (!file.valid() || ::fstat(file.get(), &facts) != 0) return unreachable(segment.path, errno);
    if (facts.st_size == 0) return at;
    const Mapping mapped(file.get(), static_cast<std::size_t>(facts.st_size));
    if (!mapped.valid()) return unreachable(segment.path, errno);
    const std::string_view bytes = mapped.text();
    while (at.sequence <= last_sequence && at.offset <= bytes.size() && !has_enough()) {
        const auto read = read_frame(bytes.substr(at.offset));
        // The segment after this one goes on.
        if (read.state == FrameRead::State::End) break;
        if (read.state == FrameRead::State::Bad || read.sequence != at.sequence)
            return fail(ErrorCode::Unavailable, "usage_log.damaged",
                        segment.path + " is damaged before usage that was acknowledged");
        auto visited = visit(at.sequence, read.payload);
        if (!visited) return failure(visited);
        ++at.sequence;
        at.offset += read.size;
    }
    return at;
}

SegmentFile::SegmentFile(int descriptor, std::string path, std::size_t bytes, std::size_t offset)
    : descriptor_(descriptor), path_(std::move(path)), bytes_(bytes), offset_(offset) {}

SegmentFile::SegmentFile(SegmentFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      bytes_(other.bytes_),
      offset_(other.offset_) {}

SegmentFile& SegmentFile::operator=(SegmentFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    std::swap(bytes_, other.bytes_);
    std::swap(offset_, other.offset_);
    return *this;
}

SegmentFile::~SegmentFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<SegmentFile> SegmentFile::allocate(const std::string& directory, std::size_t bytes) {
    std::string path = directory + "/next-segment";
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.valid()) {
        if (errno == ENOSPC || errno == EDQUOT) return disk_full(errno);
        return unreachable(path, errno);
    }
    const auto allocated = allocate_space(file, path, bytes);
    if (!allocated) {
        ::unlink(path.c_str());
        return failure(allocated);
    }
    return SegmentFile(file.release(), std::move(path), bytes, 0);
}

Result<std::monostate> SegmentFile::begin(std::uint64_t first_sequence) {
    const std::string directory = std::filesystem::path(path_).parent_path();
    std::string named = directory + "/" + segment_name(first_sequence);
    if (::rename(path_.c_str(), named.c_str()) != 0) return unreachable(named, errno);
    path_ = std::move(named);
    return sync_names(directory);
}

Result<SegmentFile> SegmentFile::reopen(const SegmentPlace& place, const SegmentEnd& end,
                                        std::size_t bytes) {
    Descriptor file(::open(place.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.valid()) return unreachable(place.path, errno);
    // A frame written over a torn one must not be followed by what is left of that one.
    const bool is_torn = end.state == SegmentEnd::State::Torn;
    if (is_torn && ::ftruncate(file.get(), static_cast<off_t>(end.offset)) != 0)
        return unreachable(place.path, errno);
    const std::size_t whole = std::max(bytes, end.offset);
    const auto allocated = allocate_space(file, place.path, whole);
    if (!allocated) return failure(allocated);
    return SegmentFile(file.release(), place.path, whole, end.offset);
}

Result<std::monostate> SegmentFile::append(std::string_view frame) {
    const auto failed = [this] {
        return fail(ErrorCode::Unavailable, "usage_log.write_failed",
                    fmt::format("cannot write usage: {}: {}", path_, reason_of(errno)));
    };
    std::size_t written = 0;
    while (written < frame.size()) {
        const auto rest = frame.substr(written);
        const auto count =
            ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(offset_ + written));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return failed();
        written += static_cast<std::size_t>(count);
    }
    if (::fdatasync(descriptor_) != 0) return failed();
    offset_ += frame.size();
    return std::monostate{};
}

}  // namespace turnpike
