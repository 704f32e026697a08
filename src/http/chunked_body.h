#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace turnpike::http {

/// Reads a chunked body (RFC 9112, 7.1) from whatever pieces the network brings. Strict: lines end
/// in CRLF, sizes are bare hexadecimal digits, extensions and trailers are well formed. They are
/// then dropped, except that trailers which would change the framing are refused.
///
/// By hand, because Beast's decoder asserts on a last chunk that arrives byte by byte, and reads
/// the trailers as if they were headers.
class ChunkedBody {
public:
    /// Appends to `body`, which outlives this.
    ChunkedBody(std::string& body, std::size_t limit) : body_(body), left_max_(limit) {}

    enum class Step : std::uint8_t { NeedMore, Done, Malformed, TooLarge };
    /// Takes bytes from the front of `input`. After NeedMore what is left in `input` is an
    /// unfinished line shorter than kLineBytesMax; present it again with more behind it.
    Step read(std::string_view& input);
    /// After TooLarge: goes on with `by` more bytes allowed, or says TooLarge again.
    Step raise_limit(std::size_t by);

    static constexpr std::size_t kLineBytesMax = 1'024;
    /// All extensions and trailers of one body.
    static constexpr std::size_t kExtraBytesMax = std::size_t{16} << 10;

private:
    enum class State : std::uint8_t { Size, Data, DataEnd, Trailers, Done };

    Step read_line(std::string_view line);
    Step read_size(std::string_view line);
    Step begin_chunk(std::size_t size);
    Step read_trailer(std::string_view line);
    void take_data(std::string_view& input);

    std::string& body_;
    std::size_t left_max_;          ///< of the limit
    std::size_t chunk_left_ = 0;    ///< of the current chunk
    std::size_t refused_size_ = 0;  ///< of the chunk that was TooLarge
    std::size_t extra_bytes_ = 0;
    State state_ = State::Size;
};

}  // namespace turnpike::http
