#include "randomness.h"

#include <array>
#include <cstdlib>

#include <unistd.h>

#include "turnpike/client/event.h"

namespace turnpike::client {
namespace {

void append_hex(std::string& text, std::uint64_t bits) {
    constexpr std::array<char, 17> kDigits{"0123456789abcdef"};
    for (int shift = 60; shift >= 0; shift -= 4)
        text.push_back(kDigits.at((bits >> static_cast<unsigned>(shift)) & 15U));
}

}  // namespace

std::uint64_t random_bits() {
    std::uint64_t bits = 0;
    // The kernel's own state: a process that forks does not repeat its parent's ids.
    if (getentropy(&bits, sizeof bits) != 0) std::abort();
    return bits;
}

std::string new_event_id() {
    std::string id;
    id.reserve(32);
    append_hex(id, random_bits());
    append_hex(id, random_bits());
    return id;
}

}  // namespace turnpike::client
