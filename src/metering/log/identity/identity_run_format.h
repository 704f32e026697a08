#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "metering/log/identity/fuse_filter.h"
#include "metering/log/identity/identity_table.h"

/// How a run lies in its file; whole numbers are little-endian.
///
///     block 0              RunHeader, zeros, CRC-32C of all that
///     block 1 and on       kBlockEntries entries of 20 bytes (the last one fewer, then zeros), the
///                          number of the block (8 bytes), the CRC-32C of all that
///     trailer              the first 8 bytes of each block's first hash; one FuseFilter::Shape for
///                          each partition; the partitions' fingerprints. Its CRC-32C is in the
///                          header
///
/// Entries rise by hash. Partition p of 2^bits has the hashes whose first bits are p.
namespace turnpike::run_format {

inline constexpr std::size_t kBlockBytes = 4096;
inline constexpr std::size_t kBlockEntries = 204;  // (4096 - 8 - 4) / 20
inline constexpr std::size_t kCheckedBytes = kBlockBytes - 4;
inline constexpr std::uint64_t kMagic = 0x315344494e525054;  // "TPRNIDS1"
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint32_t kPartitionBitsMax = 20;

enum class Kind : std::uint8_t {
    Run = 1,       ///< with trailer
    Snapshot = 2,  ///< without
};

using Block = std::array<std::byte, kBlockBytes>;

struct RunHeader {
    std::uint64_t magic = kMagic;
    std::uint32_t version = kVersion;
    std::uint32_t kind = 0;  ///< a Kind
    std::uint64_t window_first = 0;
    std::uint64_t window_last = 0;
    std::uint64_t key_check = 0;
    std::uint64_t entries = 0;
    std::uint64_t trailer_bytes = 0;
    std::uint32_t trailer_crc = 0;
    std::uint32_t partition_bits = 0;
};
static_assert(sizeof(RunHeader) == 64 && sizeof(FuseFilter::Shape) == 16, "they have no gaps");

inline std::uint64_t blocks_of(std::uint64_t entries) {
    return entries / kBlockEntries + (entries % kBlockEntries != 0 ? 1 : 0);
}

inline std::uint64_t partition_of(const IdentityHash& hash, std::uint32_t partition_bits) {
    return partition_bits == 0 ? 0 : hash.first >> (64 - partition_bits);
}
/// Without the bits that all of the partition share.
inline IdentityHash within_partition(const IdentityHash& hash, std::uint32_t partition_bits) {
    return {hash.first << partition_bits, hash.second};
}

/// Writes the last four bytes of `block`.
void seal(Block& block);
bool is_sealed(const Block& block);

/// Entries and number go in; the rest is zeros and the checksum.
void write_entries(std::span<const IdentityEntry> entries, std::uint64_t number, Block& block);
IdentityEntry entry_at(const Block& block, std::size_t index);
std::uint64_t number_of(const Block& block);

}  // namespace turnpike::run_format
