#include "metering/event_body.h"

#include <algorithm>
#include <utility>

#include "base/letter_case.h"
#include "http/text.h"

namespace turnpike {
namespace {

constexpr std::size_t kEventBytesLeast = 64;  // about; only to reserve by
constexpr std::size_t kWindowBytes = std::size_t{256} << 10;
static_assert(kWindowBytes > kEventBytesMax);

/// "application/json" of "Application/JSON; charset=utf-8".
std::string media_type(const http::Request& request) {
    const std::string* header = request.header("Content-Type");
    if (header == nullptr) return {};
    return lower_case(http::trimmed(std::string_view(*header).substr(0, header->find(';'))));
}

std::unexpected<Error> invalid(const JsonScanner& scanner) {
    return invalid_argument("json.invalid", "the body is not valid JSON in UTF-8, at byte " +
                                                std::to_string(scanner.offset()));
}

Result<EventBatch> read_one(EventBatch batch, JsonScanner& scanner) {
    batch.entries.push_back(read_event(scanner));
    if (scanner.fault() != JsonScanner::Fault::None || !scanner.at_end()) return invalid(scanner);
    return batch;
}

Result<EventBatch> read_array(EventBatch batch, JsonScanner& scanner, std::size_t body_bytes) {
    batch.entries.reserve(std::min(kEventsMax, body_bytes / kEventBytesLeast + 1));
    bool is_too_many = false;
    const bool is_read = scanner.array([&] {
        is_too_many = batch.entries.size() == kEventsMax;
        if (is_too_many) return false;
        batch.entries.push_back(read_event(scanner));
        return scanner.fault() == JsonScanner::Fault::None;
    });
    if (is_too_many)
        return fail(ErrorCode::TooLarge, "event.too_many",
                    "a JSON body holds at most 1000 events; send several, or NDJSON");
    if (!is_read || !scanner.at_end()) return invalid(scanner);
    return batch;
}

}  // namespace

EventMode event_mode(const http::Request& request) {
    const std::string type = media_type(request);
    if (type == "application/cloudevents+json") return EventMode::Structured;
    if (type == "application/cloudevents-batch+json") return EventMode::Batch;
    if (type == "application/x-ndjson") return EventMode::Lines;
    const bool binary = request.header("ce-specversion") != nullptr;
    if (binary && (type == "application/json" || (type.empty() && request.body.empty())))
        return EventMode::Binary;
    return type == "application/json" ? EventMode::Json : EventMode::Unsupported;
}

Result<EventBatch> read_events(const http::Request& request, EventMode mode,
                               std::string_view body) {
    EventBatch batch;
    JsonScanner scanner(batch.decoded);
    if (mode == EventMode::Binary) {
        batch.entries.push_back(read_binary_event(request, body, scanner, batch.decoded));
        return batch;
    }
    using Kind = JsonScanner::Kind;
    // An event may be as deep in an array as alone.
    scanner.begin(body, JsonScanner::kDepthMax + 1);
    const Kind kind = scanner.kind();
    if (kind == Kind::None) return invalid(scanner);
    if (mode == EventMode::Structured || (mode == EventMode::Json && kind == Kind::Object)) {
        scanner.begin(body);
        return read_one(std::move(batch), scanner);
    }
    if (kind != Kind::Array)
        return invalid_argument("event.not_an_array", "a batch is a JSON array of events");
    return read_array(std::move(batch), scanner, body.size());
}

EventLines::EventLines(http::ContentCoding coding, std::string_view body, std::size_t decoded_max)
    : is_complete_(coding == http::ContentCoding::Identity) {
    if (is_complete_)
        text_ = body;
    else
        decoder_.emplace(coding, body, decoded_max);
    entries_.reserve(kChunkEvents);
    line_numbers_.reserve(kChunkEvents);
}

Result<std::monostate> EventLines::read() {
    decoded_.clear();
    entries_.clear();
    line_numbers_.clear();
    std::size_t taken = 0;
    bool is_filled = false;
    while (entries_.size() < kChunkEvents && taken < kWindowBytes) {
        const auto length = text_.find('\n');
        const bool has_end = length != std::string_view::npos;
        if (!has_end && !is_complete_) {
            // Entries are views into the window, which another fill would move.
            if (is_filled || taken > 0) break;
            if (const auto filled = fill(); !filled) return failure(filled);
            is_filled = true;
            continue;
        }
        const auto line = text_.substr(0, length);
        const std::size_t step = has_end ? length + 1 : line.size();
        text_.remove_prefix(step);
        taken += step;
        take_line(line);
        is_at_end_ = !has_end;
        if (is_at_end_) break;
    }
    return std::monostate{};
}

/// Makes the window hold a whole line, or the end of the body.
Result<std::monostate> EventLines::fill() {
    window_.erase(0, window_.size() - text_.size());
    if (window_.size() > kEventBytesMax) {
        // Its line is too long already; only where it ends is still of interest.
        if (!is_skipping_) {
            take_line(window_);
            --line_;
        }
        is_skipping_ = true;
        window_.clear();
    }
    const std::size_t held = window_.size();
    window_.resize(kWindowBytes);
    const auto count = decoder_->read({window_.data() + held, kWindowBytes - held});
    window_.resize(held + count.value_or(0));
    text_ = window_;
    if (!count) return failure(count);
    is_complete_ = *count < kWindowBytes - held;
    return std::monostate{};
}

void EventLines::take_line(std::string_view line) {
    const std::uint64_t number = line_++;
    if (std::exchange(is_skipping_, false)) return;
    // A line that is too long is so wherever the window cuts it, empty or not.
    const bool is_long = line.size() > kEventBytesMax;
    if (!is_long && line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    entries_.push_back(read_event(scanner_, line));
    line_numbers_.push_back(number);
}

}  // namespace turnpike
