// What a start reads. The first byte chooses: an even one makes the rest a segment's bytes, as they
// are; an odd one cuts it into payloads, seals them as a server does, and then damages one byte.
// Frames are given back as they were written, in order, up to the first one that is not whole;
// their records are applied or refused by name.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "memory_file.h"
#include "metering/log/files/frame.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/state/usage_state.h"

namespace {

using namespace turnpike;

constexpr std::size_t kUnused = 64;  // of a segment's preallocated zeros

struct Scanned {
    SegmentEnd end;
    std::vector<std::string> payloads;
};

Scanned scan(std::string_view file) {
    Scanned scanned;
    if (file.empty()) return scanned;
    const MemoryFile memory(std::as_bytes(std::span(file)));
    UsageState state;
    bool is_usable = true;  // no state is, after an error
    const auto end = scan_segment(
        {memory.path(), 1}, 1,
        [&](std::uint64_t sequence, std::string_view payload) -> Result<std::monostate> {
            scanned.payloads.emplace_back(payload);
            check(sequence == scanned.payloads.size(), "frames are numbered without gaps");
            if (!is_usable) return std::monostate{};
            const auto applied = state.apply_all(payload);
            is_usable = applied.has_value();
            check(is_usable || applied.error().reason == Reason("usage_log.damaged"),
                  "it is damaged");
            return std::monostate{};
        });
    check(end.has_value(), "memory can be read");
    scanned.end = *end;
    check(scanned.end.next_sequence == scanned.payloads.size() + 1, "the end follows the last one");
    return scanned;
}

/// Each begins with a byte that says how long it is, less one.
std::vector<std::string> payloads_in(std::string_view bytes) {
    std::vector<std::string> payloads;
    while (bytes.size() > 1) {
        const std::size_t wanted = static_cast<std::uint8_t>(bytes.front()) + std::size_t{1};
        payloads.emplace_back(bytes.substr(1, wanted));
        bytes.remove_prefix(1 + payloads.back().size());
    }
    return payloads;
}

/// \param place  one byte of the file is another one then, if `flip` is not 0
void read_damaged(const std::vector<std::string>& payloads, std::size_t place, char flip) {
    std::string file;
    std::vector<std::size_t> ends;  // of each frame
    for (const std::string& payload : payloads) {
        FrameBuffer frame;
        frame.append(payload);
        file += frame.seal(ends.size() + 1);
        ends.push_back(file.size());
    }
    file.append(kUnused, '\0');
    place %= file.size();
    file[place] = static_cast<char>(file[place] ^ flip);
    std::size_t before = 0;  // frames that end before the damage
    while (before < ends.size() && ends[before] <= place) ++before;

    const auto [end, read] = scan(file);
    check(read.size() >= before, "what lies before the damage is read");
    check(read.size() <= payloads.size(), "nothing is made up");
    for (std::size_t i = 0; i < read.size(); ++i)
        check(read[i] == payloads[i], "a payload is what it was");
    if (flip == 0)
        check(read.size() == payloads.size() && end.state == SegmentEnd::State::Clean,
              "nothing is missing");
    // A frame whose successor is whole was acknowledged: it must not be cut off as a torn one.
    if (read.size() + 1 < payloads.size())
        check(end.state == SegmentEnd::State::Damaged, "damage is told from a torn end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view rest(static_cast<const char*>(static_cast<const void*>(data + 1)),
                                size - 1);
    if (data[0] % 2 == 0) {
        scan(rest);
    } else if (rest.size() > 3) {
        const auto place = static_cast<std::size_t>(data[1]) << 8 | data[2];
        read_damaged(payloads_in(rest.substr(3)), place, static_cast<char>(data[3]));
    }
    return 0;
}
