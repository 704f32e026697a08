#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace turnpike {

/// One frame of the usage log: what one write and one sync made durable. All numbers little-endian:
///
///     u32  length of the payload, 1 to kFramePayloadMax
///     u32  CRC32C over length, sequence and payload
///     u64  sequence: 1, 2, 3, ... over all segments, so that bytes of another time never fit
///     ...  payload, then zeros up to a multiple of 8
///
/// A length of 0 is the end: segments are preallocated with zeros. A frame is written only when the
/// one before it is durable. So whatever a crash left of the last frame, nothing valid follows it;
/// a bad frame with a good one behind it is damage to something that was acknowledged.
inline constexpr std::size_t kFrameHeadBytes = 16;
inline constexpr std::size_t kFramePayloadMax = std::size_t{32} << 20;

/// Whether it is as it was preallocated: nothing but zeros, or nothing at all. As fast as memory is
/// compared, for each start looks at the whole rest of a segment.
bool is_blank_space(std::string_view bytes);

/// What a frame with this payload takes on disk.
std::size_t frame_bytes(std::size_t payload_bytes);

/// A frame in the making: payload is appended in parts, copied once. Not thread-safe.
class FrameBuffer {
public:
    FrameBuffer() { clear(); }

    void clear() { bytes_.assign(kFrameHeadBytes, '\0'); }
    void append(std::string_view payload) { bytes_.append(payload); }
    [[nodiscard]] std::size_t payload_bytes() const { return bytes_.size() - kFrameHeadBytes; }

    /// The whole frame as it goes to disk; valid until the next call. The payload is not empty and
    /// at most kFramePayloadMax.
    std::string_view seal(std::uint64_t sequence);

private:
    std::string bytes_;
};

struct FrameRead {
    enum class State : std::uint8_t {
        Frame,
        End,  ///< nothing was written here
        Bad,  ///< a torn or damaged frame, or no frame at all
    };
    State state = State::End;
    std::uint64_t sequence = 0;
    std::string_view payload;  ///< a part of the bytes that were read
    std::size_t size = 0;      ///< on disk
};
/// Reads the frame at the beginning of `bytes`, any bytes at all. Pure.
FrameRead read_frame(std::string_view bytes);

/// Whether a whole frame with this sequence number or one soon after it begins anywhere in `bytes`,
/// at a multiple of 8. It tells damage, which must never be cut away, from a torn tail.
bool holds_frame_from(std::string_view bytes, std::uint64_t sequence);

}  // namespace turnpike
