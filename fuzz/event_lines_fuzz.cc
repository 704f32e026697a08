// Any bytes as NDJSON: every line is read once, in order, with its number, as if it were alone. The
// first byte makes lines longer, so that windows end within them.
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <zstd.h>

#include "base/check.h"
#include "metering/event_body.h"

namespace {

using namespace turnpike;

constexpr std::size_t kDecodedMax = std::size_t{4} << 20;

struct Line {
    std::uint64_t number;
    std::string what;  ///< a code, or the event's id
    friend bool operator==(const Line&, const Line&) = default;
};

std::string what_of(const EventEntry& entry) {
    return std::string(entry ? entry->id : entry.error().code);
}

std::vector<Line> read_by_line(std::string_view body) {
    std::vector<Line> lines;
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    for (std::uint64_t number = 1; !body.empty(); ++number) {
        const auto line = body.substr(0, body.find('\n'));
        body.remove_prefix(line.size() < body.size() ? line.size() + 1 : line.size());
        const bool is_long = line.size() > kEventBytesMax;
        if (!is_long && line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        lines.push_back({number, what_of(read_event(scanner, line))});
    }
    return lines;
}

std::vector<Line> read_in_chunks(http::ContentCoding coding, std::string_view body) {
    std::vector<Line> found;
    EventLines lines(coding, body, kDecodedMax);
    while (!lines.at_end()) {
        check(lines.read().has_value(), "a sound body does not break");
        check(lines.entries().size() <= EventLines::kChunkEvents, "a chunk is bounded");
        check(lines.entries().size() == lines.line_numbers().size(), "each has a line");
        for (std::size_t i = 0; i < lines.entries().size(); ++i)
            found.push_back({lines.line_numbers()[i], what_of(lines.entries()[i])});
    }
    return found;
}

/// `body` with each 'L' as many spaces, up to a few windows in all.
std::string lengthened(std::string_view body, std::size_t spaces) {
    constexpr std::size_t kBytesMax = std::size_t{1} << 20;
    std::string longer;
    for (const char c : body) {
        if (c == 'L' && longer.size() + spaces < kBytesMax)
            longer.append(spaces, ' ');
        else
            longer += c;
    }
    return longer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string body =
        lengthened(std::string_view(bytes + 1, size - 1), std::size_t{data[0]} * 1'000);
    const auto expected = read_by_line(body);
    check(read_in_chunks(http::ContentCoding::Identity, body) == expected,
          "no line is lost, read twice, or changed");
    std::string encoded(ZSTD_compressBound(body.size()), '\0');
    encoded.resize(ZSTD_compress(encoded.data(), encoded.size(), body.data(), body.size(), 1));
    check(read_in_chunks(http::ContentCoding::Zstd, encoded) == expected,
          "nor when it comes through a window");
    return 0;
}
