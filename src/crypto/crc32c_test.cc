#include "crypto/crc32c.h"

#include <numeric>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

struct CrcCase {
    const char* name;
    std::vector<unsigned char> message;
    std::uint32_t crc;
};

std::vector<unsigned char> counting(unsigned char first, int step) {
    std::vector<unsigned char> message;
    for (int i = 0; i < 32; ++i) message.push_back(static_cast<unsigned char>(first + i * step));
    return message;
}

// RFC 3720, B.4. It prints the CRC in the order of transmission: "aa 36 91 8a" is 0x8a9136aa.
TEST(Crc32c, MatchesRfc3720) {
    const CrcCase cases[] = {
        {"32 bytes of zeroes", std::vector<unsigned char>(32, 0x00), 0x8a9136aa},
        {"32 bytes of ones", std::vector<unsigned char>(32, 0xff), 0x62a8ab43},
        {"32 incrementing bytes", counting(0, 1), 0x46dd794e},
        {"32 decrementing bytes", counting(31, -1), 0x113fdb5c},
    };
    for (const CrcCase& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(crc32c(std::as_bytes(std::span(c.message))), c.crc);
    }
}

// The check value of CRC-32/ISCSI in the catalogue of parametrised CRC algorithms.
TEST(Crc32c, MatchesTheCatalogue) { EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283); }

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(crc32c({}), 0U); }

TEST(Crc32c, GoesOnWhereItWasAtEveryCut) {
    std::vector<unsigned char> message(3'000);
    std::iota(message.begin(), message.end(), static_cast<unsigned char>(7));
    const auto bytes = std::as_bytes(std::span(message));
    const std::uint32_t whole = crc32c(bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 37)
        EXPECT_EQ(extend_crc32c(crc32c(bytes.first(cut)), bytes.subspan(cut)), whole) << cut;
}

}  // namespace
}  // namespace turnpike
