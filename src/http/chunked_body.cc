#include "http/chunked_body.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "base/letter_case.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void skip_spaces(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool skip_token(std::string_view& text) {
    const std::size_t length = token_length(text);
    text.remove_prefix(length);
    return length > 0;
}

/// The line holds no control bytes, so a quoted pair cannot hide one.
bool skip_quoted(std::string_view& text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

/// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
bool is_extensions(std::string_view text) {
    while (!text.empty()) {
        skip_spaces(text);
        if (!text.starts_with(';')) return false;
        text.remove_prefix(1);
        skip_spaces(text);
        if (!skip_token(text)) return false;
        std::string_view value = text;
        skip_spaces(value);
        if (!value.starts_with('=')) continue;
        value.remove_prefix(1);
        skip_spaces(value);
        if (!(value.starts_with('"') ? skip_quoted(value) : skip_token(value))) return false;
        text = value;
    }
    return true;
}

bool changes_framing(std::string_view name) {
    return equal_ignoring_case(name, "Content-Length") ||
           equal_ignoring_case(name, "Transfer-Encoding");
}

}  // namespace

ChunkedBody::Step ChunkedBody::read(std::string_view& input) {
    while (state_ != State::Done) {
        if (state_ == State::Data) {
            if (input.empty()) return Step::NeedMore;
            take_data(input);
            continue;
        }
        const auto end = input.substr(0, kLineBytesMax + kLineEnd.size()).find(kLineEnd);
        if (end == std::string_view::npos)
            return input.size() > kLineBytesMax ? Step::Malformed : Step::NeedMore;
        const std::string_view line = input.substr(0, end);
        input.remove_prefix(end + kLineEnd.size());
        if (const Step step = read_line(line); step != Step::NeedMore) return step;
    }
    return Step::Done;
}

void ChunkedBody::take_data(std::string_view& input) {
    const std::string_view piece = input.substr(0, chunk_left_);
    body_ += piece;
    input.remove_prefix(piece.size());
    chunk_left_ -= piece.size();
    if (chunk_left_ == 0) state_ = State::DataEnd;
}

/// NeedMore when the line is good and the body goes on.
ChunkedBody::Step ChunkedBody::read_line(std::string_view line) {
    if (!is_line_text(line)) return Step::Malformed;
    if (state_ == State::Size) return read_size(line);
    if (state_ == State::Trailers) return read_trailer(line);
    if (!line.empty()) return Step::Malformed;  // After a chunk comes nothing but a line end.
    state_ = State::Size;
    return Step::NeedMore;
}

ChunkedBody::Step ChunkedBody::read_size(std::string_view line) {
    std::size_t size = 0;
    const char* const begin = line.data();
    const auto [end, error] = std::from_chars(begin, begin + line.size(), size, 16);
    // from_chars takes a minus sign even for an unsigned number.
    if (error != std::errc() || line.starts_with('-')) return Step::Malformed;
    const std::string_view extensions = line.substr(static_cast<std::size_t>(end - begin));
    extra_bytes_ += extensions.size();
    if (extra_bytes_ > kExtraBytesMax || !is_extensions(extensions)) return Step::Malformed;
    return begin_chunk(size);
}

ChunkedBody::Step ChunkedBody::raise_limit(std::size_t by) {
    left_max_ += by;
    return begin_chunk(refused_size_);
}

ChunkedBody::Step ChunkedBody::begin_chunk(std::size_t size) {
    refused_size_ = size;
    if (size > left_max_) return Step::TooLarge;
    left_max_ -= size;
    chunk_left_ = size;
    state_ = size > 0 ? State::Data : State::Trailers;
    return Step::NeedMore;
}

ChunkedBody::Step ChunkedBody::read_trailer(std::string_view line) {
    if (line.empty()) {
        state_ = State::Done;
        return Step::NeedMore;
    }
    extra_bytes_ += line.size();
    const std::size_t name = token_length(line);
    const bool is_field = name > 0 && line.substr(name).starts_with(':');
    if (extra_bytes_ > kExtraBytesMax || !is_field || changes_framing(line.substr(0, name)))
        return Step::Malformed;
    return Step::NeedMore;
}

}  // namespace turnpike::http
