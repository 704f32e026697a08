#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "metering/log/identity/identity_hash.h"
#include "metering/log/identity/identity_run.h"
#include "metering/log/identity/identity_run_merge.h"
#include "metering/log/identity/identity_table.h"

namespace turnpike {

/// What the set says of an identity that it is given.
enum class Recall : std::uint8_t {
    New,        ///< never seen; remembered from now on
    Duplicate,  ///< seen, with this content
    Conflict,   ///< seen, with another content, which stays
};

struct IdentitySetOptions {
    std::string dir;  ///< for its runs, and nobody else's; exists
    SipKey key;       ///< of the identity hashes; files of another key are refused
    /// Identities in memory before wants_freeze(). While a frozen window is being written, memory
    /// holds it and the growing one: at 31 bytes each, 2 * 6'000'000 need 370 MB.
    std::size_t window_entries = 6'000'000;
    std::size_t runs_max = 8;  ///< of more, two neighbours are merged; at least 1
    std::size_t merge_step_entries = 1'000'000;
};

/// Returns when every event whose identity was inserted before the call is durable in the log. A
/// file that knew an identity whose event a crash then takes from the log would call the sender's
/// next try a duplicate, and the event would be lost. An error leaves the file unpublished.
/// Called on the background thread, with no lock held.
using LogBarrier = std::function<Result<std::monostate>()>;

struct IdentitySetStats {
    std::size_t window_entries = 0;
    std::size_t frozen_entries = 0;
    std::size_t runs = 0;
    std::uint64_t run_entries = 0;
    std::size_t bytes = 0;  ///< memory of all of it
    std::uint64_t disk_lookups = 0;
};

/// Every identity ever recorded, so that a repeated one is caught for ever: a window in memory that
/// takes the new ones, perhaps a frozen one that waits to be written, and runs, sorted files behind
/// filters. README.md says how they follow one another through a crash.
///
/// Threads. Three roles, which may run at the same time:
///   - the sequencer holds a Batch for as long as it asks and inserts; one at a time;
///   - the background thread calls write_frozen(), merge_step() and save_snapshot(); one at a time.
///     They stop a Batch for the time of a few pointers, or of copying kSliceEntries entries;
///   - freeze(), wants_freeze() and stats() may be called by any thread that holds no Batch.
/// open() and load_snapshot() come before all of these.
///
/// Errors of all calls: Unavailable "metering.identity_damaged" and "file.refused", with
/// the file's name. Such an answer is no verdict on an identity: the caller must not record it.
class IdentitySet {
public:
    /// Entries that save_snapshot() copies while a Batch waits: 2 MB, half a millisecond.
    static constexpr std::size_t kSliceEntries = std::size_t{1} << 16;

    /// Opens the runs in `dir`: unlinks what a crash left over, and refuses damaged ones, ones of
    /// another key, and a gap in their order.
    static Result<std::unique_ptr<IdentitySet>> open(const IdentitySetOptions& options);

    /// More would push one another out of the nearest cache.
    static constexpr std::size_t kPrefetchAhead = 16;

    class Batch {
    public:
        /// Asks the processor for what a question about `hash` will look at. Best called for the
        /// hash kPrefetchAhead places after the one that is asked about.
        void prefetch(const IdentityHash& hash) const;
        Result<Recall> find_or_insert(const IdentityHash& hash, std::uint32_t content);
        /// Of a hash that find() of this Batch has just not found: nothing is asked again.
        void insert(const IdentityHash& hash, std::uint32_t content);
        /// Makes room for so many more; nobody waits for verdicts, as this may take long.
        void reserve(std::size_t more);
        /// The content kept for `hash`; nullopt if it was never recorded.
        [[nodiscard]] Result<std::optional<std::uint32_t>> find(const IdentityHash& hash) const;

    private:
        friend class IdentitySet;
        explicit Batch(IdentitySet& set) : lock_(set.mutex_), set_(set) {}
        std::unique_lock<std::mutex> lock_;
        IdentitySet& set_;
    };
    Batch batch() { return Batch(*this); }

    /// The window is full and can be frozen.
    [[nodiscard]] bool wants_freeze() const;
    /// Puts the window aside and begins an empty one. Does nothing while an earlier one is frozen.
    void freeze();
    [[nodiscard]] IdentitySetStats stats() const;

    /// Writes the frozen window, if there is one, as a run; durable when this returns. After an
    /// error, its own or the barrier's, the frozen window is still there and still asked; call
    /// again.
    Result<std::monostate> write_frozen(const LogBarrier& log_is_durable);

    enum class MergeProgress : std::uint8_t { Idle, More };
    /// A bounded piece of merging. Idle when there are no more than runs_max runs. After an error
    /// nothing is lost; the merge begins again with the next call.
    Result<MergeProgress> merge_step();

    /// Writes the identities in memory, those of a frozen window first as its run. What is inserted
    /// meanwhile may be in the file or not, so replay from a place in the log that was durable
    /// before this call.
    Result<std::monostate> save_snapshot(const std::string& path, const LogBarrier& log_is_durable);
    /// Fills the window from a snapshot of this directory. One whose window has become a run since
    /// adds nothing; one that is newer than the runs there are is refused, as runs are missing.
    Result<std::monostate> load_snapshot(const std::string& path);

private:
    using Run = std::unique_ptr<const IdentityRun>;

    explicit IdentitySet(const IdentitySetOptions& options);
    Result<std::monostate> open_runs();
    Result<Run> open_run(const std::string& path) const;
    std::uint64_t last_run_window() const;
    Result<std::monostate> write_table(const IdentityTable& table, IdentityRunWriter& writer,
                                       const LogBarrier& log_is_durable);
    Result<std::optional<std::uint32_t>> find_older(const IdentityHash& hash) const;
    Result<std::monostate> begin_merge();
    Result<std::monostate> publish_merge(const std::string& path);

    const IdentitySetOptions options_;
    const std::uint64_t key_check_;

    mutable std::mutex mutex_;
    // Guarded by mutex_. Only the background thread empties frozen_ and changes runs_, so that it
    // reads runs_, and what both point to, without the mutex.
    std::unique_ptr<IdentityTable> window_;
    std::unique_ptr<const IdentityTable> frozen_;
    std::vector<Run> runs_;  ///< oldest first
    mutable std::uint64_t disk_lookups_ = 0;

    // Of the background thread:
    std::optional<IdentityRunMerge> merge_;
    std::size_t merging_ = 0;  ///< place in runs_ of the older neighbour
};

}  // namespace turnpike
