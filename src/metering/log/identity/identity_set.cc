#include "metering/log/identity/identity_set.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/check.h"
#include "metering/log/identity/identity_damage.h"
#include "metering/log/identity/identity_directory.h"
#include "metering/log/identity/identity_run_writer.h"

namespace turnpike {

IdentitySet::IdentitySet(const IdentitySetOptions& options)
    : options_(options),
      key_check_(check_value_of(options.key)),
      window_(std::make_unique<IdentityTable>()) {
    check(options.runs_max >= 1, "runs_max is at least 1");
    check(options.merge_step_entries >= 1, "a step of a merge does something");
}

Result<std::unique_ptr<IdentitySet>> IdentitySet::open(const IdentitySetOptions& options) {
    std::unique_ptr<IdentitySet> set(new IdentitySet(options));
    const auto opened = set->open_runs();
    if (!opened) return failure(opened);
    return set;
}

Result<std::monostate> IdentitySet::open_runs() {
    const auto directory = list_runs(options_.dir);
    if (!directory) return failure(directory);
    for (const RunFile& file : directory->runs) {
        auto run = open_run(file.path);
        if (!run) return failure(run);
        if ((*run)->header().window_first != file.window_first ||
            (*run)->header().window_last != file.window_last)
            return damaged_identities(file.path, "its name is not its own");
        runs_.push_back(*std::move(run));
    }
    // Only now that the runs in their place are known to be good.
    for (const std::string& path : directory->left_overs) unlink(path.c_str());
    return std::monostate{};
}

Result<IdentitySet::Run> IdentitySet::open_run(const std::string& path) const {
    auto run = IdentityRun::open(path, key_check_);
    if (!run) return failure(run);
    return std::make_unique<const IdentityRun>(*std::move(run));
}

std::uint64_t IdentitySet::last_run_window() const {
    return runs_.empty() ? 0 : runs_.back()->header().window_last;
}

void IdentitySet::Batch::prefetch(const IdentityHash& hash) const {
    set_.window_->prefetch(hash);
    if (set_.frozen_) set_.frozen_->prefetch(hash);
    for (const Run& run : set_.runs_) run->prefetch(hash);
}

/// In the frozen window and the runs; the newest first, because most repetitions come soon.
Result<std::optional<std::uint32_t>> IdentitySet::find_older(const IdentityHash& hash) const {
    if (frozen_) {
        if (const auto content = frozen_->find(hash)) return content;
    }
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
        if (!(*run)->may_contain(hash)) continue;
        ++disk_lookups_;
        auto content = (*run)->find(hash);
        if (!content || *content) return content;
    }
    return std::nullopt;
}

Result<std::optional<std::uint32_t>> IdentitySet::Batch::find(const IdentityHash& hash) const {
    check(hash.first != 0, "identity_hash() made the hash");
    if (const auto content = set_.window_->find(hash)) return content;
    return set_.find_older(hash);
}

Result<Recall> IdentitySet::Batch::find_or_insert(const IdentityHash& hash, std::uint32_t content) {
    check(hash.first != 0, "identity_hash() made the hash");
    std::optional<std::uint32_t> known;
    if (set_.frozen_ || !set_.runs_.empty()) {
        const auto found = find(hash);
        if (!found) return failure(found);
        known = *found;
    }
    if (!known) known = set_.window_->find_or_insert({hash, content});
    if (!known) return Recall::New;
    return *known == content ? Recall::Duplicate : Recall::Conflict;
}

void IdentitySet::Batch::insert(const IdentityHash& hash, std::uint32_t content) {
    set_.window_->find_or_insert({hash, content});
}

void IdentitySet::Batch::reserve(std::size_t more) {
    set_.window_->reserve(set_.window_->size() + more);
}

bool IdentitySet::wants_freeze() const {
    const std::lock_guard lock(mutex_);
    return !frozen_ && window_->size() >= options_.window_entries;
}

void IdentitySet::freeze() {
    auto fresh = std::make_unique<IdentityTable>();
    const std::lock_guard lock(mutex_);
    if (!frozen_) frozen_ = std::exchange(window_, std::move(fresh));
}

IdentitySetStats IdentitySet::stats() const {
    const std::lock_guard lock(mutex_);
    IdentitySetStats stats{.window_entries = window_->size(),
                           .frozen_entries = frozen_ ? frozen_->size() : 0,
                           .runs = runs_.size(),
                           .bytes = window_->bytes() + (frozen_ ? frozen_->bytes() : 0),
                           .disk_lookups = disk_lookups_};
    for (const Run& run : runs_) {
        stats.run_entries += run->entries();
        stats.bytes += run->bytes_in_memory();
    }
    return stats;
}

/// Slice by slice, each one copied while no Batch runs. The window may be frozen meanwhile; it is
/// still there, because only the thread that runs this removes it.
Result<std::monostate> IdentitySet::write_table(const IdentityTable& table,
                                                IdentityRunWriter& writer,
                                                const LogBarrier& log_is_durable) {
    IdentityHash after;
    std::vector<IdentityEntry> slice;
    do {
        slice.clear();
        {
            std::unique_lock lock(mutex_);
            if (&table == frozen_.get()) lock.unlock();  // nothing changes it any more
            table.copy_after(after, kSliceEntries, slice);
        }
        if (!slice.empty()) after = slice.back().hash;
        const auto added = writer.add(slice);
        if (!added) return failure(added);
    } while (slice.size() == kSliceEntries);
    const auto durable = log_is_durable();
    if (!durable) return failure(durable);
    return writer.finish();
}

Result<std::monostate> IdentitySet::write_frozen(const LogBarrier& log_is_durable) {
    const IdentityTable* frozen = nullptr;
    {
        const std::lock_guard lock(mutex_);
        frozen = frozen_.get();
    }
    if (frozen == nullptr) return std::monostate{};
    const std::uint64_t number = last_run_window() + 1;
    const std::string path = options_.dir + "/" + run_file_name(number, number);
    auto writer = IdentityRunWriter::create(path, {.window_first = number,
                                                   .window_last = number,
                                                   .key_check = key_check_,
                                                   .entries_max = frozen->size()});
    if (!writer) return failure(writer);
    const auto written = write_table(*frozen, *writer, log_is_durable);
    if (!written) return failure(written);
    auto run = open_run(path);
    if (!run) return failure(run);

    // Destroyed after the mutex is free again: giving so much memory back takes its time.
    std::unique_ptr<const IdentityTable> written_out;
    const std::lock_guard lock(mutex_);
    runs_.push_back(*std::move(run));
    written_out = std::move(frozen_);
    return std::monostate{};
}

Result<std::monostate> IdentitySet::save_snapshot(const std::string& path,
                                                  const LogBarrier& log_is_durable) {
    RunPlan plan{.kind = run_format::Kind::Snapshot, .key_check = key_check_};
    const IdentityTable* window = nullptr;
    while (window == nullptr) {
        const auto written = write_frozen(log_is_durable);
        if (!written) return failure(written);
        const std::lock_guard lock(mutex_);
        // Frozen since: the snapshot would be of a window whose predecessor is nowhere on disk.
        if (frozen_) continue;
        plan.window_first = plan.window_last = last_run_window() + 1;
        window = window_.get();
    }
    auto writer = IdentityRunWriter::create(path, plan);
    if (!writer) return failure(writer);
    return write_table(*window, *writer, log_is_durable);
}

Result<std::monostate> IdentitySet::load_snapshot(const std::string& path) {
    auto cursor = IdentityRunCursor::open(path, run_format::Kind::Snapshot, key_check_);
    if (!cursor) return failure(cursor);
    const std::uint64_t next = last_run_window() + 1;
    if (cursor->header().window_first < next) return std::monostate{};
    if (cursor->header().window_first > next)
        return damaged_identities(
            path, fmt::format("it follows window {}, and the last run in {} ends with {}",
                              cursor->header().window_first - 1, options_.dir, next - 1));
    const std::lock_guard lock(mutex_);
    window_->reserve(cursor->header().entries);
    while (const IdentityEntry* const entry = cursor->peek()) {
        window_->find_or_insert(*entry);
        const auto popped = cursor->pop();
        if (!popped) return failure(popped);
    }
    return std::monostate{};
}

/// Two neighbours with the fewest entries: every entry is written again a number of times that
/// grows with the logarithm of all.
Result<std::monostate> IdentitySet::begin_merge() {
    merging_ = 0;
    const auto entries_at = [&](std::size_t at) {
        return runs_[at]->entries() + runs_[at + 1]->entries();
    };
    for (std::size_t at = 1; at + 1 < runs_.size(); ++at)
        if (entries_at(at) < entries_at(merging_)) merging_ = at;
    const IdentityRun &older = *runs_[merging_], &newer = *runs_[merging_ + 1];
    auto merge = IdentityRunMerge::begin(
        older, newer,
        options_.dir + "/" +
            run_file_name(older.header().window_first, newer.header().window_last));
    if (!merge) return failure(merge);
    merge_.emplace(*std::move(merge));
    return std::monostate{};
}

Result<IdentitySet::MergeProgress> IdentitySet::merge_step() {
    if (!merge_) {
        if (runs_.size() <= options_.runs_max) return MergeProgress::Idle;
        const auto begun = begin_merge();
        if (!begun) return failure(begun);
    }
    const auto progress = merge_->step(options_.merge_step_entries);
    if (progress && *progress == IdentityRunMerge::Progress::More) return MergeProgress::More;
    const std::string path = merge_->path();
    merge_.reset();
    if (!progress) return failure(progress);
    const auto published = publish_merge(path);
    if (!published) return failure(published);
    return runs_.size() > options_.runs_max ? MergeProgress::More : MergeProgress::Idle;
}

Result<std::monostate> IdentitySet::publish_merge(const std::string& path) {
    auto merged = open_run(path);
    if (!merged) return failure(merged);
    Run older, newer;
    {
        const std::lock_guard lock(mutex_);
        const auto at = runs_.begin() + static_cast<std::ptrdiff_t>(merging_);
        older = std::exchange(*at, *std::move(merged));
        newer = std::move(at[1]);
        runs_.erase(at + 1);
    }
    unlink(older->path().c_str());
    unlink(newer->path().c_str());
    return std::monostate{};
}

}  // namespace turnpike
