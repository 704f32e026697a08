#include "metering/log/identity/identity_run.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/crc32c.h"
#include "metering/log/identity/identity_damage.h"

namespace turnpike {

using namespace run_format;

namespace {

constexpr std::uint64_t kBlocksRead = 256;
/// More could not be written: it keeps sums of sizes far from overflow.
constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 40;

/// Takes `count` values of a plain type off the front of `bytes`. False when there are not so many.
template <class T>
bool take(std::span<const std::byte>& bytes, std::uint64_t count, std::vector<T>& values) {
    if (count > bytes.size() / sizeof(T)) return false;
    values.resize(count);
    if (count != 0) std::memcpy(values.data(), bytes.data(), count * sizeof(T));
    bytes = bytes.subspan(count * sizeof(T));
    return true;
}

}  // namespace

Result<RunHeader> read_run_header(const DurableFile& file, Kind kind, std::uint64_t key_check) {
    const auto broken = [&](const char* what) { return damaged_identities(file.path(), what); };
    if (file.size_bytes() < kBlockBytes) return broken("it is too short");
    Block block{};
    const auto read = file.read_at(0, block);
    if (!read) return failure(read);
    RunHeader header;
    std::memcpy(&header, block.data(), sizeof header);
    if (header.magic != kMagic) return broken("it is no file of identities");
    if (!is_sealed(block)) return broken("the checksum of its header is wrong");
    if (header.version != kVersion) return broken("its version is not known");
    if (header.kind != static_cast<std::uint32_t>(kind)) return broken("it is of the other kind");
    if (header.key_check != key_check) return broken("it was written under another key");
    if (header.window_first == 0 || header.window_first > header.window_last)
        return broken("its windows make no sense");
    if (header.entries > kEntriesMax || header.trailer_bytes > file.size_bytes() ||
        header.partition_bits > kPartitionBitsMax)
        return broken("its sizes make no sense");
    const std::uint64_t size = (1 + blocks_of(header.entries)) * kBlockBytes + header.trailer_bytes;
    if (file.size_bytes() != size) return broken("its size is not what its header says");
    return header;
}

IdentityRun::IdentityRun(DurableFile file, const RunHeader& header)
    : file_(std::move(file)), header_(header) {}

Result<IdentityRun> IdentityRun::open(const std::string& path, std::uint64_t key_check) {
    auto file = DurableFile::open(path);
    if (!file) return failure(file);
    const auto header = read_run_header(*file, Kind::Run, key_check);
    if (!header) return failure(header);
    IdentityRun run(*std::move(file), *header);
    const auto loaded = run.load_trailer();
    if (!loaded) return failure(loaded);
    return run;
}

Result<std::monostate> IdentityRun::load_trailer() {
    std::vector<std::byte> bytes(header_.trailer_bytes);
    const auto read = file_.read_at((1 + blocks_of(header_.entries)) * kBlockBytes, bytes);
    if (!read) return failure(read);
    if (crc32c(bytes) != header_.trailer_crc)
        return damaged_identities(path(), "the checksum of its trailer is wrong");
    if (!parse_trailer(bytes)) return damaged_identities(path(), "its trailer makes no sense");
    return std::monostate{};
}

bool IdentityRun::parse_trailer(std::span<const std::byte> bytes) {
    std::vector<FuseFilter::Shape> shapes;
    if (!take(bytes, blocks_of(header_.entries), index_) || !std::ranges::is_sorted(index_) ||
        !take(bytes, std::uint64_t{1} << header_.partition_bits, shapes))
        return false;
    for (const FuseFilter::Shape& shape : shapes) {
        std::vector<std::uint8_t> fingerprints;
        if (shape.segment_bits > FuseFilter::kSegmentBitsMax ||
            !take(bytes, shape.fingerprints(), fingerprints))
            return false;
        auto filter = FuseFilter::from(shape, std::move(fingerprints));
        if (!filter) return false;
        filters_.push_back(*std::move(filter));
    }
    return bytes.empty();
}

void IdentityRun::prefetch(const IdentityHash& hash) const {
    filters_[partition_of(hash, header_.partition_bits)].prefetch(
        within_partition(hash, header_.partition_bits));
}

bool IdentityRun::may_contain(const IdentityHash& hash) const {
    return filters_[partition_of(hash, header_.partition_bits)].may_contain(
        within_partition(hash, header_.partition_bits));
}

std::size_t IdentityRun::entries_in(std::uint64_t block) const {
    return std::min<std::uint64_t>(kBlockEntries, header_.entries - block * kBlockEntries);
}

Result<std::optional<std::uint32_t>> IdentityRun::find(const IdentityHash& hash) const {
    // The last block that begins before it, and those that begin with the same 8 bytes.
    auto candidate = std::ranges::lower_bound(index_, hash.first);
    if (candidate != index_.begin()) --candidate;
    for (; candidate != index_.end() && *candidate <= hash.first; ++candidate) {
        const auto number = static_cast<std::uint64_t>(candidate - index_.begin());
        Block block;
        const auto read = file_.read_at((1 + number) * kBlockBytes, block);
        if (!read) return failure(read);
        if (!is_sealed(block) || number_of(block) != 1 + number)
            return damaged_identities(path(), "block " + std::to_string(1 + number) + " is broken");
        std::size_t low = 0, high = entries_in(number);
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (entry_at(block, middle).hash < hash) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == entries_in(number)) continue;
        const IdentityEntry found = entry_at(block, low);
        if (found.hash == hash) return found.content;
    }
    return std::nullopt;
}

std::size_t IdentityRun::bytes_in_memory() const {
    std::size_t bytes = index_.size() * sizeof(std::uint64_t);
    for (const FuseFilter& filter : filters_) bytes += sizeof filter + filter.fingerprints().size();
    return bytes;
}

IdentityRunCursor::IdentityRunCursor(DurableFile file, const RunHeader& header)
    : file_(std::move(file)), header_(header), entries_left_(header.entries) {}

Result<IdentityRunCursor> IdentityRunCursor::open(const std::string& path, Kind kind,
                                                  std::uint64_t key_check) {
    auto file = DurableFile::open(path);
    if (!file) return failure(file);
    const auto header = read_run_header(*file, kind, key_check);
    if (!header) return failure(header);
    IdentityRunCursor cursor(*std::move(file), *header);
    const auto filled = cursor.refill();
    if (!filled) return failure(filled);
    return cursor;
}

Result<std::monostate> IdentityRunCursor::pop() {
    if (++next_ < entries_.size()) return std::monostate{};
    return refill();
}

Result<std::monostate> IdentityRunCursor::refill() {
    entries_.clear();
    next_ = 0;
    blocks_.resize(std::min(kBlocksRead, blocks_of(entries_left_)));
    const auto read =
        file_.read_at(block_next_ * kBlockBytes, std::as_writable_bytes(std::span(blocks_)));
    if (!read) return failure(read);
    for (const Block& block : blocks_) {
        const std::size_t count = std::min<std::uint64_t>(kBlockEntries, entries_left_);
        bool good = is_sealed(block) && number_of(block) == block_next_;
        for (std::size_t i = 0; good && i < count; ++i) {
            entries_.push_back(entry_at(block, i));
            good = last_ < entries_.back().hash && entries_.back().hash.first != 0;
            last_ = entries_.back().hash;
        }
        if (!good) {
            entries_.clear();
            entries_left_ = 0;
            return damaged_identities(file_.path(),
                                      "block " + std::to_string(block_next_) + " is broken");
        }
        entries_left_ -= count;
        ++block_next_;
    }
    return std::monostate{};
}

Result<std::monostate> verify_run(const std::string& path, std::uint64_t key_check) {
    const auto run = IdentityRun::open(path, key_check);
    if (!run) return failure(run);
    auto cursor = IdentityRunCursor::open(path, Kind::Run, key_check);
    if (!cursor) return failure(cursor);
    for (std::uint64_t i = 0; const IdentityEntry* const entry = cursor->peek(); ++i) {
        if (!run->may_contain(entry->hash))
            return damaged_identities(path, "its filter denies an entry");
        if (i % kBlockEntries == 0) {
            const auto found = run->find(entry->hash);
            if (!found) return failure(found);
            if (*found != entry->content)
                return damaged_identities(path, "its index misses a block");
        }
        const auto popped = cursor->pop();
        if (!popped) return failure(popped);
    }
    return std::monostate{};
}

}  // namespace turnpike
