#include "metering/log/identity/identity_run_format.h"

#include <bit>
#include <cstring>

#include "crypto/crc32c.h"

namespace turnpike::run_format {
namespace {

static_assert(std::endian::native == std::endian::little, "words are written as they lie");
constexpr std::size_t kNumberAt = kBlockEntries * kIdentityEntryBytes;

std::uint32_t crc_of(const Block& block) {
    return crc32c(std::span<const std::byte>(block).first<kCheckedBytes>());
}

}  // namespace

void seal(Block& block) {
    const std::uint32_t crc = crc_of(block);
    std::memcpy(block.data() + kCheckedBytes, &crc, sizeof crc);
}

bool is_sealed(const Block& block) {
    std::uint32_t crc = 0;
    std::memcpy(&crc, block.data() + kCheckedBytes, sizeof crc);
    return crc == crc_of(block);
}

void write_entries(std::span<const IdentityEntry> entries, std::uint64_t number, Block& block) {
    block = {};
    std::byte* at = block.data();
    for (const IdentityEntry& entry : entries) {
        write_entry(at, entry);
        at += kIdentityEntryBytes;
    }
    std::memcpy(block.data() + kNumberAt, &number, sizeof number);
    seal(block);
}

IdentityEntry entry_at(const Block& block, std::size_t index) {
    return read_entry(block.data() + index * kIdentityEntryBytes);
}

std::uint64_t number_of(const Block& block) {
    std::uint64_t number = 0;
    std::memcpy(&number, block.data() + kNumberAt, sizeof number);
    return number;
}

}  // namespace turnpike::run_format
