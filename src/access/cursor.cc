#include "access/cursor.h"

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kTextMax = 256;

std::string write_mark(const PageMark& mark) {
    const auto micros = static_cast<std::uint64_t>(unix_micros(mark.at));
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(micros >> shift & 0xFF);
    return bytes + mark.id;
}

PageMark read_mark(std::string_view bytes) {
    std::uint64_t micros = 0;
    for (const char c : bytes.substr(0, kTimeBytes))
        micros = micros << 8 | static_cast<std::uint8_t>(c);
    return {from_unix_micros(static_cast<std::int64_t>(micros)),
            std::string(bytes.substr(kTimeBytes))};
}

}  // namespace

CursorCodec::CursorCodec(std::string secret) : secret_(std::move(secret)) {
    check(secret_.size() >= 32, "the cursor secret has at least 32 bytes");
}

std::string CursorCodec::mac(std::string_view listing, std::string_view mark) const {
    std::string message = "turnpike cursor\n";
    message.append(std::to_string(listing.size())).append("\n").append(listing).append(mark);
    return hmac_sha256(secret_, message).substr(0, kMacBytes);
}

std::string CursorCodec::seal(std::string_view listing, const PageMark& mark) const {
    const std::string bytes = write_mark(mark);
    return to_base64url(mac(listing, bytes) + bytes);
}

Result<PageMark> CursorCodec::open(std::string_view listing, std::string_view text) const {
    const auto bytes = text.size() <= kTextMax ? from_base64url(text) : std::nullopt;
    const bool long_enough = bytes && bytes->size() >= kMacBytes + kTimeBytes;
    const auto sealed = long_enough ? std::string_view(*bytes) : std::string_view();
    const auto mark = long_enough ? sealed.substr(kMacBytes) : std::string_view();
    if (!long_enough || !equal_constant_time(sealed.substr(0, kMacBytes), mac(listing, mark)))
        return invalid_argument("access.cursor_invalid",
                                "the cursor is not one that this listing gave out");
    return read_mark(mark);
}

}  // namespace turnpike
