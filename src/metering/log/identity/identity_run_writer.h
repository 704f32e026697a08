#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/identity/fuse_filter.h"
#include "metering/log/identity/identity_run_format.h"

namespace turnpike {

/// What the file says of itself.
struct RunPlan {
    run_format::Kind kind = run_format::Kind::Run;
    std::uint64_t window_first = 1;
    std::uint64_t window_last = 1;
    std::uint64_t key_check = 0;
    std::uint64_t entries_max = 0;  ///< no more will come; chooses the number of partitions
};

/// Writes a run or a snapshot from entries that come in order. Nothing is at the path until
/// finish(). Holds the index, the finished filters and the hashes of one partition (2^19 are its
/// most, about) in memory.
///
/// Errors of all calls: Unavailable "file.refused". Threads: one at a time.
class IdentityRunWriter {
public:
    static Result<IdentityRunWriter> create(const std::string& path, const RunPlan& plan);

    /// The next entries, in rising order. Broken promises abort.
    Result<std::monostate> add(std::span<const IdentityEntry> entries);
    [[nodiscard]] std::uint64_t entries() const { return header_.entries; }
    /// The file is complete, durable and at its path.
    Result<std::monostate> finish();

private:
    IdentityRunWriter(DurableFile file, const RunPlan& plan);

    void put(const IdentityEntry& entry);
    void close_block();
    void close_partition();
    Result<std::monostate> flush();
    std::vector<std::byte> trailer() const;

    DurableFile file_;
    run_format::Kind kind_;
    run_format::RunHeader header_;
    IdentityHash last_;
    std::vector<IdentityEntry> block_entries_;
    std::vector<run_format::Block> blocks_;  ///< closed, not yet written
    std::uint64_t blocks_written_ = 0;
    std::uint64_t writeback_bytes_ = 0;  ///< of the file, already asked for
    std::vector<std::uint64_t> index_;
    std::vector<IdentityHash> partition_;
    std::vector<FuseFilter> filters_;
};

}  // namespace turnpike
