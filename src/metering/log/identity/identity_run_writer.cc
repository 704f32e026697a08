#include "metering/log/identity/identity_run_writer.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "crypto/crc32c.h"

namespace turnpike {

using namespace run_format;

namespace {

constexpr std::uint64_t kPartitionEntries = std::uint64_t{1} << 19;
constexpr std::size_t kBlocksHeld = 256;
constexpr std::uint64_t kWritebackBytes = std::uint64_t{8} << 20;

std::uint32_t partition_bits_for(std::uint64_t entries) {
    std::uint32_t bits = 0;
    while (bits < kPartitionBitsMax && entries >> bits > kPartitionEntries) ++bits;
    return bits;
}

void append(std::vector<std::byte>& bytes, std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace

Result<IdentityRunWriter> IdentityRunWriter::create(const std::string& path, const RunPlan& plan) {
    auto file = DurableFile::create(path);
    if (!file) return failure(file);
    return IdentityRunWriter(*std::move(file), plan);
}

IdentityRunWriter::IdentityRunWriter(DurableFile file, const RunPlan& plan)
    : file_(std::move(file)), kind_(plan.kind) {
    header_.kind = static_cast<std::uint32_t>(plan.kind);
    header_.window_first = plan.window_first;
    header_.window_last = plan.window_last;
    header_.key_check = plan.key_check;
    header_.partition_bits = partition_bits_for(plan.entries_max);
    block_entries_.reserve(kBlockEntries);
}

Result<std::monostate> IdentityRunWriter::add(std::span<const IdentityEntry> entries) {
    for (const IdentityEntry& entry : entries) {
        put(entry);
        if (blocks_.size() < kBlocksHeld) continue;
        const auto flushed = flush();
        if (!flushed) return failure(flushed);
    }
    return std::monostate{};
}

void IdentityRunWriter::put(const IdentityEntry& entry) {
    check(last_ < entry.hash, "the entries of a run rise by hash");
    last_ = entry.hash;
    ++header_.entries;
    if (kind_ == Kind::Run) {
        const std::uint64_t partition = partition_of(entry.hash, header_.partition_bits);
        while (filters_.size() < partition) close_partition();
        partition_.push_back(within_partition(entry.hash, header_.partition_bits));
        if (block_entries_.empty()) index_.push_back(entry.hash.first);
    }
    block_entries_.push_back(entry);
    if (block_entries_.size() == kBlockEntries) close_block();
}

void IdentityRunWriter::close_block() {
    const std::uint64_t number = 1 + blocks_written_ + blocks_.size();
    write_entries(block_entries_, number, blocks_.emplace_back());
    block_entries_.clear();
}

void IdentityRunWriter::close_partition() {
    filters_.push_back(FuseFilter::of(partition_));
    partition_.clear();
}

Result<std::monostate> IdentityRunWriter::flush() {
    const std::uint64_t offset = (1 + blocks_written_) * kBlockBytes;
    const auto written = file_.write_at(offset, std::as_bytes(std::span(blocks_)));
    if (!written) return failure(written);
    blocks_written_ += blocks_.size();
    blocks_.clear();
    const std::uint64_t end = (1 + blocks_written_) * kBlockBytes;
    if (end - writeback_bytes_ >= kWritebackBytes) {
        file_.begin_writeback(writeback_bytes_, end - writeback_bytes_);
        writeback_bytes_ = end;
    }
    return std::monostate{};
}

std::vector<std::byte> IdentityRunWriter::trailer() const {
    std::vector<std::byte> bytes;
    append(bytes, std::as_bytes(std::span(index_)));
    for (const FuseFilter& filter : filters_)
        append(bytes, std::as_bytes(std::span(&filter.shape(), 1)));
    for (const FuseFilter& filter : filters_) append(bytes, std::as_bytes(filter.fingerprints()));
    return bytes;
}

Result<std::monostate> IdentityRunWriter::finish() {
    if (!block_entries_.empty()) close_block();
    const auto flushed = flush();
    if (!flushed) return failure(flushed);
    if (kind_ == Kind::Run) {
        while (filters_.size() < std::uint64_t{1} << header_.partition_bits) close_partition();
        const std::vector<std::byte> bytes = trailer();
        header_.trailer_bytes = bytes.size();
        header_.trailer_crc = crc32c(bytes);
        const auto written = file_.write_at((1 + blocks_written_) * kBlockBytes, bytes);
        if (!written) return failure(written);
    }
    Block block{};
    std::memcpy(block.data(), &header_, sizeof header_);
    seal(block);
    const auto written = file_.write_at(0, block);
    if (!written) return failure(written);
    return file_.publish();
}

}  // namespace turnpike
