#include "metering/log/identity_verification.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "metering/log/files/durable_file.h"
#include "metering/log/files/log_directory.h"
#include "metering/log/identity/identity_directory.h"
#include "metering/log/identity/identity_hash.h"
#include "metering/log/identity/identity_run.h"
#include "metering/log/state/usage_snapshot.h"

namespace turnpike {
namespace {

std::uint64_t size_of(const std::string& path) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    return error ? 0 : bytes;
}

}  // namespace

void IdentityCheck::Sum::add(const IdentityEntry& entry) {
    first += entry.hash.first;
    second += entry.hash.second * (2 * std::uint64_t{entry.content} + 1);
}

IdentityCheck::IdentityCheck(std::string directory, const SipKey& key,
                             const CheckListener& listener)
    : directory_(std::move(directory)), key_(key), listener_(listener) {}

std::uint64_t IdentityCheck::read_files() {
    std::uint64_t bytes = 0, last_window = 0;
    const std::string directory = identities_in(directory_);
    const auto runs = exists(directory) ? list_runs(directory) : RunDirectory{};
    if (!runs) {
        listener_.problem(runs.error().message);
        is_read_ = false;
        return 0;
    }
    for (const std::string& path : runs->left_overs)
        listener_.note(path + ": a left-over of a crash; the next start removes it");
    for (const RunFile& run : runs->runs) {
        bytes += read_run(run.path);
        last_window = run.window_last;
    }
    return bytes + read_snapshot(last_window);
}

std::uint64_t IdentityCheck::read_run(const std::string& path) {
    const auto fail_with = [&](const Error& error) {
        listener_.problem(error.message);
        is_read_ = false;
        return size_of(path);
    };
    const std::uint64_t key_check = check_value_of(key_);
    const auto verified = verify_run(path, key_check);
    if (!verified) return fail_with(verified.error());
    auto cursor = IdentityRunCursor::open(path, run_format::Kind::Run, key_check);
    if (!cursor) return fail_with(cursor.error());
    while (const IdentityEntry* const entry = cursor->peek()) {
        in_runs_.add(*entry);
        ++run_entries_;
        if (const auto popped = cursor->pop(); !popped) return fail_with(popped.error());
    }
    return size_of(path);
}

std::uint64_t IdentityCheck::read_snapshot(std::uint64_t last_run_window) {
    const std::string directory = snapshots_in(directory_);
    if (!exists(directory)) return 0;
    const auto newest = newest_snapshot(directory, SnapshotKind::Identities);
    if (!newest) listener_.problem(newest.error().message);
    if (!newest || !*newest) return 0;
    snapshot_ = (*newest)->path;
    const auto fail_with = [&](const std::string& message) {
        listener_.problem(message);
        is_read_ = false;
        return size_of(snapshot_);
    };
    auto cursor =
        IdentityRunCursor::open(snapshot_, run_format::Kind::Snapshot, check_value_of(key_));
    if (!cursor) return fail_with(cursor.error().message);
    const std::uint64_t window = cursor->header().window_first;
    if (window > last_run_window + 1)
        return fail_with(fmt::format("{}: it follows window {}, and the last run ends with {}",
                                     snapshot_, window - 1, last_run_window));
    const bool is_needed = window == last_run_window + 1;  // otherwise a run has all of it
    if (is_needed) {
        snapshot_sequence_ = (*newest)->next_sequence;
        window_.emplace();
        window_->reserve(cursor->header().entries);
    }
    while (const IdentityEntry* const entry = cursor->peek()) {
        if (is_needed) window_->find_or_insert(*entry);
        if (const auto popped = cursor->pop(); !popped) return fail_with(popped.error().message);
    }
    return size_of(snapshot_);
}

void IdentityCheck::take(std::string_view source, const NamedRecord& named,
                         std::uint64_t sequence) {
    const IdentityEntry entry{identity_hash(key_, source, named.id), named.content};
    if (events_++ < run_entries_) return in_events_.add(entry);
    if (!window_) return;
    const auto content = window_->find(entry.hash);
    if (!content) {
        missing_ += sequence < snapshot_sequence_ ? 1 : 0;
        return;
    }
    ++in_window_;
    others_ += *content != entry.content ? 1 : 0;
}

void IdentityCheck::finish() {
    if (!is_read_) return;
    const std::string runs = identities_in(directory_);
    if (events_ < run_entries_)
        listener_.problem(fmt::format("{}: the runs know {} identities, and the log has {} events",
                                      runs, run_entries_, events_));
    else if (in_runs_ != in_events_)
        listener_.problem(fmt::format(
            "{}: the runs do not know the identities of the first {} events", runs, run_entries_));
    if (!window_) return;
    if (missing_ > 0)
        listener_.problem(
            fmt::format("{}: it lacks the identities of {} events", snapshot_, missing_));
    if (others_ > 0)
        listener_.problem(
            fmt::format("{}: it has another content for {} events", snapshot_, others_));
    if (in_window_ < window_->size())
        listener_.problem(fmt::format("{}: it knows {} identities that no event has", snapshot_,
                                      window_->size() - in_window_));
}

}  // namespace turnpike
