#include "base/id.h"

#include <array>
#include <cstring>

#include <sys/random.h>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kBodyLength = 26;

using Randomness = std::array<std::uint8_t, 10>;

/// 26 x 5 = 130 bits hold 128; the two spare ones lead, so the first character is 0-7.
std::string encode(Instant now, const Randomness& randomness) {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    const auto millis =
        static_cast<std::uint64_t>(duration_cast<milliseconds>(now.time_since_epoch()).count());
    __extension__ unsigned __int128 wide = millis & 0xFFFF'FFFF'FFFF;
    for (const auto byte : randomness) wide = (wide << 8) | byte;
    std::string text(kBodyLength, '0');
    for (auto i = kBodyLength; i-- > 0; wide >>= 5)
        text[i] = kAlphabet[static_cast<std::size_t>(wide & 31)];
    return text;
}

}  // namespace

bool is_id_text(std::string_view prefix, std::string_view text) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    if (!text.starts_with('_') || text.size() != kBodyLength + 1) return false;
    text.remove_prefix(1);
    return std::ranges::all_of(text, [](char c) { return kAlphabet.contains(c); });
}

std::string RandomIdSource::body(Instant now) {
    // The system gives up to 256 bytes at once, whole; a call for each id would be felt.
    thread_local std::array<Randomness, 25> drawn;
    thread_local std::size_t used = drawn.size();
    if (used == drawn.size()) {
        const auto got = getrandom(drawn.data(), sizeof drawn, 0);
        check(got == static_cast<ssize_t>(sizeof drawn), "the system gives randomness");
        used = 0;
    }
    return encode(now, drawn[used++]);
}

std::string SeededIdSource::body(Instant now) {
    const std::array<std::uint64_t, 2> drawn{random_(), random_()};
    Randomness randomness{};
    std::memcpy(randomness.data(), drawn.data(), randomness.size());
    return encode(now, randomness);
}

}  // namespace turnpike
