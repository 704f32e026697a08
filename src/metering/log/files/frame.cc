#include "metering/log/files/frame.h"

#include <span>

#include "base/check.h"
#include "crypto/crc32c.h"

namespace turnpike {
namespace {

constexpr std::size_t kAlignment = 8;
constexpr std::size_t kLengthAt = 0, kCrcAt = 4, kSequenceAt = 8;

template <class Number>
void write_number(char* to, Number number) {
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        to[i] = static_cast<char>(static_cast<std::uint8_t>(number >> (8 * i)));
}

template <class Number>
Number read_number(const char* from) {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        number |= static_cast<Number>(static_cast<std::uint8_t>(from[i])) << (8 * i);
    return number;
}

/// \param head  with the length and the sequence in their places
std::uint32_t crc_of(std::string_view head, std::string_view payload) {
    const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text)); };
    std::uint32_t crc = crc32c(bytes(head.substr(kLengthAt, sizeof(std::uint32_t))));
    crc = extend_crc32c(crc, bytes(head.substr(kSequenceAt, sizeof(std::uint64_t))));
    return extend_crc32c(crc, bytes(payload));
}

}  // namespace

bool is_blank_space(std::string_view bytes) {
    if (bytes.empty()) return true;
    return bytes.front() == '\0' && bytes.substr(1) == bytes.substr(0, bytes.size() - 1);
}

std::size_t frame_bytes(std::size_t payload_bytes) {
    return (kFrameHeadBytes + payload_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::string_view FrameBuffer::seal(std::uint64_t sequence) {
    const std::size_t length = payload_bytes();
    check(length > 0 && length <= kFramePayloadMax, "a frame's payload has a size");
    write_number(bytes_.data() + kLengthAt, static_cast<std::uint32_t>(length));
    write_number(bytes_.data() + kSequenceAt, sequence);
    const std::string_view payload(bytes_.data() + kFrameHeadBytes, length);
    write_number(bytes_.data() + kCrcAt, crc_of(bytes_, payload));
    bytes_.resize(frame_bytes(length), '\0');
    return bytes_;
}

FrameRead read_frame(std::string_view bytes) {
    const FrameRead ended, bad{FrameRead::State::Bad, 0, {}, 0};
    const auto head = bytes.substr(0, kFrameHeadBytes);
    if (is_blank_space(head)) return ended;
    if (head.size() < kFrameHeadBytes) return bad;
    const auto length = read_number<std::uint32_t>(bytes.data() + kLengthAt);
    if (length == 0 || length > kFramePayloadMax || frame_bytes(length) > bytes.size()) return bad;
    const auto payload = bytes.substr(kFrameHeadBytes, length);
    if (crc_of(head, payload) != read_number<std::uint32_t>(bytes.data() + kCrcAt)) return bad;
    return {.state = FrameRead::State::Frame,
            .sequence = read_number<std::uint64_t>(bytes.data() + kSequenceAt),
            .payload = payload,
            .size = frame_bytes(length)};
}

bool holds_frame_from(std::string_view bytes, std::uint64_t sequence) {
    // No more frames fit. A wider search would only compute more sums over bytes of no meaning.
    const std::uint64_t last = sequence + bytes.size() / kFrameHeadBytes;
    for (; bytes.size() >= kFrameHeadBytes; bytes.remove_prefix(kAlignment)) {
        const auto stated = read_number<std::uint64_t>(bytes.data() + kSequenceAt);
        if (stated < sequence || stated > last) continue;
        if (read_frame(bytes).state == FrameRead::State::Frame) return true;
    }
    return false;
}

}  // namespace turnpike
