#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "http/content_coding.h"
#include "http/message.h"
#include "json/scanner.h"
#include "metering/sent_event.h"

namespace turnpike {

/// Events in one JSON body; 413 above. NDJSON has no such limit.
inline constexpr std::size_t kEventsMax = 1'000;
/// Decoded bytes of one request; 413 above.
inline constexpr std::size_t kBodyDecodedMax = std::size_t{8} << 20;
inline constexpr std::size_t kLinesDecodedMax = std::size_t{256} << 20;

/// How events arrive, by Content-Type and headers.
enum class EventMode : std::uint8_t {
    Structured,   ///< application/cloudevents+json: one event
    Batch,        ///< application/cloudevents-batch+json: an array
    Json,         ///< application/json: one event or an array
    Lines,        ///< application/x-ndjson: an event per line
    Binary,       ///< attributes in ce-* headers, the body is `data`
    Unsupported,  ///< answer 415
};
EventMode event_mode(const http::Request& request);

/// Events in the order they were sent. Their texts are views into the body and into `decoded`.
struct EventBatch {
    std::vector<EventEntry> entries;
    std::list<std::string> decoded;
};

/// Reads a decoded body that is neither Lines nor Unsupported. `body` outlives the batch.
///
/// Errors: InvalidArgument "json.invalid", "event.not_an_array"; TooLarge "event.too_many".
Result<EventBatch> read_events(const http::Request& request, EventMode mode, std::string_view body);

/// Reads NDJSON piece by piece; what an encoded body decodes to is never there as a whole. Lines
/// end in LF or CRLF; empty ones are ignored; one that is too long or no event is a complaint, and
/// the next is read.
///
///     EventLines lines(coding, request.body, kLinesDecodedMax);
///     while (!lines.at_end()) {
///         if (const auto read = lines.read(); !read) ...
///         use(lines.entries());
///     }
class EventLines {
public:
    static constexpr std::size_t kChunkEvents = 1'000;

    /// `body` outlives the lines. `decoded_max` is for encoded bodies; another has its size.
    EventLines(http::ContentCoding coding, std::string_view body, std::size_t decoded_max);
    EventLines(const EventLines&) = delete;
    EventLines& operator=(const EventLines&) = delete;

    /// At most kChunkEvents events, of about 256 KiB; none when only empty lines were found. Ends
    /// the life of the entries before. Not to be called at_end(), nor after an error.
    ///
    /// Errors: those of BodyDecoder::read; what came before is as good as it was.
    Result<std::monostate> read();

    [[nodiscard]] bool at_end() const { return is_at_end_; }
    [[nodiscard]] const std::vector<EventEntry>& entries() const { return entries_; }
    /// The line of each entry; the first line is 1.
    [[nodiscard]] const std::vector<std::uint64_t>& line_numbers() const { return line_numbers_; }

private:
    Result<std::monostate> fill();
    void take_line(std::string_view line);

    std::optional<http::BodyDecoder> decoder_;  ///< of an encoded body
    std::string window_;                        ///< what it decoded last
    std::string_view text_;  ///< what is not yet read: of the window, or of the body itself
    bool is_complete_;       ///< the text goes to the body's end
    std::list<std::string> decoded_;
    JsonScanner scanner_{decoded_};
    std::uint64_t line_ = 1;
    bool is_at_end_ = false;
    bool is_skipping_ = false;  ///< the rest of a line that is too long
    std::vector<EventEntry> entries_;
    std::vector<std::uint64_t> line_numbers_;
};

}  // namespace turnpike
