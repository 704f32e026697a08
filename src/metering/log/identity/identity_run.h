#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/identity/fuse_filter.h"
#include "metering/log/identity/identity_run_format.h"

namespace turnpike {

/// The first block of a run or a snapshot, held against the key and against the file's size.
/// Errors: as IdentityRun.
Result<run_format::RunHeader> read_run_header(const DurableFile& file, run_format::Kind kind,
                                              std::uint64_t key_check);

/// A run, open for look-ups. In memory are its filters (9.3 bits per entry in large runs) and the
/// first hash of each block (0.3 bits); a look-up that passes the filter reads one block of 4 KiB
/// and checks its CRC.
///
/// Errors of all calls: Unavailable "metering.identity_damaged", naming the file and what is wrong
/// with it; Unavailable "file.refused" when the system refuses.
/// Threads: const calls may run together.
class IdentityRun {
public:
    static Result<IdentityRun> open(const std::string& path, std::uint64_t key_check);

    void prefetch(const IdentityHash& hash) const;
    /// False: certainly not here. True: look, and find nothing once in 256 times.
    [[nodiscard]] bool may_contain(const IdentityHash& hash) const;
    /// The content of `hash`, or nullopt. Reads the disk.
    [[nodiscard]] Result<std::optional<std::uint32_t>> find(const IdentityHash& hash) const;

    [[nodiscard]] const std::string& path() const { return file_.path(); }
    [[nodiscard]] const run_format::RunHeader& header() const { return header_; }
    [[nodiscard]] std::uint64_t entries() const { return header_.entries; }
    [[nodiscard]] std::size_t bytes_in_memory() const;

private:
    IdentityRun(DurableFile file, const run_format::RunHeader& header);
    Result<std::monostate> load_trailer();
    bool parse_trailer(std::span<const std::byte> bytes);
    [[nodiscard]] std::size_t entries_in(std::uint64_t block) const;

    DurableFile file_;
    run_format::RunHeader header_;
    std::vector<std::uint64_t> index_;
    std::vector<FuseFilter> filters_;
};

/// Reads the entries of a run or a snapshot in order, checking the CRC of every block and that the
/// hashes rise. Errors and threads as IdentityRun; one thread at a time.
class IdentityRunCursor {
public:
    static Result<IdentityRunCursor> open(const std::string& path, run_format::Kind kind,
                                          std::uint64_t key_check);

    /// The entry that is next; nullptr at the end, or after an error. It stays until pop().
    [[nodiscard]] const IdentityEntry* peek() const {
        return next_ < entries_.size() ? &entries_[next_] : nullptr;
    }
    Result<std::monostate> pop();
    [[nodiscard]] const run_format::RunHeader& header() const { return header_; }

private:
    IdentityRunCursor(DurableFile file, const run_format::RunHeader& header);
    Result<std::monostate> refill();

    DurableFile file_;
    run_format::RunHeader header_;
    std::uint64_t block_next_ = 1;
    std::uint64_t entries_left_ = 0;  ///< not yet read
    IdentityHash last_;
    std::vector<run_format::Block> blocks_;
    std::vector<IdentityEntry> entries_;
    std::size_t next_ = 0;
};

/// Reads a whole file with all its checks. Errors as IdentityRun.
Result<std::monostate> verify_run(const std::string& path, std::uint64_t key_check);

}  // namespace turnpike
