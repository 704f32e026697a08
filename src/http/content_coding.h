#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace turnpike::http {

/// How a request's body is encoded (RFC 9110, 8.4.1; RFC 9659 for zstd).
enum class ContentCoding : std::uint8_t { Identity, Gzip, Zstd };
/// For Accept-Encoding of the 415 that says what we take.
inline constexpr std::string_view kContentCodings = "gzip, zstd, identity";

/// From Content-Encoding; nullopt for several codings and for one that we do not read.
std::optional<ContentCoding> content_coding(const Request& request);

/// Decodes a body piece by piece. Neither the body's size nor what it claims decides how much
/// memory is taken: gzip needs 40 KiB, zstd at most 8 MiB for its window. A body may be 16,384 gzip
/// members or zstd frames, one behind the other; millions of empty ones would be work for nothing.
/// Not thread-safe.
class BodyDecoder {
public:
    /// `body` outlives the decoder, which hands out at most `decoded_max` bytes.
    BodyDecoder(ContentCoding coding, std::string_view body, std::size_t decoded_max);
    ~BodyDecoder();
    BodyDecoder(const BodyDecoder&) = delete;
    BodyDecoder& operator=(const BodyDecoder&) = delete;

    /// Fills `into`, which is not empty, and says how much of it; less than all only at the end.
    /// Not to be called after an error.
    ///
    /// Errors: InvalidArgument "http.bad_encoding": truncated, corrupt, or something behind the
    /// end; TooLarge "http.decoded_too_large".
    Result<std::size_t> read(std::span<char> into);

private:
    class Stream;
    class Identity;
    class Gzip;
    class Zstd;

    std::unique_ptr<Stream> stream_;
    std::size_t left_max_;  ///< of decoded_max
};

/// The whole body. Storage grows with what was decoded.
/// Errors: those of BodyDecoder::read.
Result<std::string> decoded_body(ContentCoding coding, std::string_view body,
                                 std::size_t decoded_max);

}  // namespace turnpike::http
