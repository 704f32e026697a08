#include "metering/log/usage_log.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "metering/log/event_lookup.h"
#include "metering/log/files/log_directory.h"
#include "metering/log/identity/identity_gathering.h"
#include "metering/log/identity/identity_hash.h"
#include "metering/log/identity_recovery.h"
#include "metering/log/records/usage_record.h"
#include "metering/log/segment/sealing.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/state/usage_snapshot.h"

namespace turnpike {
namespace {

constexpr auto kBackgroundPause = std::chrono::seconds(1);
/// What failed may have written hundreds of megabytes before.
constexpr auto kPauseAfterError = std::chrono::seconds(60);
constexpr std::size_t kPrefetchAhead = IdentitySet::kPrefetchAhead;

Result<std::monostate> make_directories(const std::string& directory) {
    for (const auto& path :
         {segments_in(directory), identities_in(directory), snapshots_in(directory)}) {
        std::error_code error;
        std::filesystem::create_directories(path, error);
        if (error)
            return fail(ErrorCode::Unavailable, "usage_log.unreachable",
                        fmt::format("{}: {}", path, error.message()));
    }
    return std::monostate{};
}

}  // namespace

std::size_t bytes_max(std::span<const LoggedUse> uses) {
    constexpr std::size_t kRecordsPerUse = 4;    // customer, subscription, source, event
    constexpr std::size_t kRecordsPerCount = 3;  // meter, plan version, allowance
    std::size_t bytes = kRecordBytesMax;
    for (const LoggedUse& use : uses) {
        const UsageEvent& event = use.event;
        bytes += kRecordsPerUse * kRecordBytesMax + event.id.size() + event.source.size() +
                 event.customer.text().size() + event.properties.size() +
                 text_of(use.counts.front().window->contract).size();
        for (const UsageCount& count : use.counts)
            bytes += kRecordsPerCount * kRecordBytesMax + kCountBytesMax +
                     count.window->meter_key.size() + count.window->plan_version.text().size();
    }
    return bytes;
}

UsageLog::UsageLog(std::string directory, SipKey key, std::unique_ptr<IdentitySet> identities)
    : directory_(std::move(directory)), key_(key), identities_(std::move(identities)) {}

Result<std::unique_ptr<UsageLog>> UsageLog::open(const Config& config) {
    const auto made = make_directories(config.directory);
    if (!made) return failure(made);
    const auto key = load_or_make_identity_key(config.directory + "/identity-key");
    if (!key) return failure(key);
    IdentitySetOptions options{.dir = identities_in(config.directory), .key = *key};
    options.window_entries = config.identities_in_memory;
    auto identities = IdentitySet::open(options);
    if (!identities) return failure(std::move(identities));

    std::unique_ptr<UsageLog> log(new UsageLog(config.directory, *key, *std::move(identities)));
    const auto recovered = log->recover(config);
    if (!recovered) return failure(recovered);
    log->background_ = std::thread([l = log.get()] { l->run_background(); });
    return log;
}

UsageLog::~UsageLog() {
    {
        const std::scoped_lock lock(background_mutex_);
        is_stopping_ = true;
    }
    background_wake_.notify_one();
    if (background_.joinable()) background_.join();
}

Result<std::monostate> UsageLog::load_counters() {
    const auto newest = newest_snapshot(snapshots_in(directory_));
    if (!newest) return failure(newest);
    if (!*newest) return std::monostate{};
    const auto loaded = load_snapshot(**newest, state_);
    if (!loaded) return failure(loaded);
    snapshot_sequence_ = (*newest)->next_sequence;
    return std::monostate{};
}

Result<std::uint64_t> UsageLog::load_identities() {
    const auto newest = newest_snapshot(snapshots_in(directory_), SnapshotKind::Identities);
    if (!newest) return failure(newest);
    if (*newest)
        if (const auto loaded = identities_->load_snapshot((*newest)->path); !loaded)
            return failure(loaded);
    const auto stats = identities_->stats();
    saved_behind_ = stats.run_entries;
    // Perhaps a run has taken the place of what the snapshot knew, or there is none behind a run.
    if (stats.run_entries > 0 && stats.window_entries == 0) saved_behind_.reset();
    return *newest ? (*newest)->next_sequence : 1;
}

Result<std::monostate> UsageLog::recover(const Config& config) {
    const auto counted = load_counters();
    if (!counted) return failure(counted);
    const auto known = load_identities();
    if (!known) return failure(known);
    const std::string directory = segments_in(directory_);
    const auto segments = list_segments(directory);
    if (!segments) return failure(segments);
    const auto stats = identities_->stats();
    const std::uint64_t missing =
        state_.events() - std::min(state_.events(), stats.run_entries + stats.window_entries);
    IdentityRecovery recovery(
        {*segments, {*known, snapshot_sequence_}, missing, state_.names(NameTable::Source)}, key_,
        *identities_);
    IdentityGathering identities(*identities_);
    // Identities that are known already would each be looked up on disk.
    const auto count = [&](std::uint64_t sequence, std::string_view records) {
        return sequence < *known ? state_.apply_all(records) : apply(records, identities);
    };
    const auto end = read_segments(*segments, {.from = snapshot_sequence_}, {.records = count});
    if (!end) return failure(end);
    const auto gathered = identities.finish();
    if (!gathered) return failure(gathered);
    const auto recovered = recovery.finish();
    if (!recovered) return failure(recovered);
    std::optional<SegmentFile> tail;
    if (!segments->empty()) {
        auto reopened = SegmentFile::reopen(segments->back(), *end, config.segment_bytes);
        if (!reopened) return failure(std::move(reopened));
        tail = *std::move(reopened);
    }
    auto writer =
        LogWriter::start({directory, config.segment_bytes}, std::move(tail), end->next_sequence);
    if (!writer) return failure(std::move(writer));
    writer_ = *std::move(writer);
    return std::monostate{};
}

IdentityEntry UsageLog::identity_of(const NamedRecord& named) const {
    const auto& source = state_.names(NameTable::Source).text(named.source);
    return {identity_hash(key_, source, named.id), named.content};
}

Result<std::monostate> UsageLog::apply(std::string_view records, IdentityGathering& identities) {
    Result<std::monostate> added;
    const auto applied = state_.apply_all(records, [&](const NamedRecord& named) {
        if (added) added = identities.add(identity_of(named));
    });
    if (!applied) return failure(applied);
    return added;
}

Result<LogVerdict> UsageLog::decide(IdentitySet::Batch& identities, const LoggedUse& use,
                                    const IdentityHash& hash) noexcept {
    const auto known = identities.find(hash);
    if (!known) return failure(known);
    const UsageEvent& event = use.event;
    const Use counted_use{.customer = event.customer.text(),
                          .source = event.source,
                          .id = event.id,
                          .counts = use.counts,
                          .time = event.time,
                          .latency_us = event.latency_us,
                          .content = use.content,
                          .properties = event.properties};
    if (*known) {
        if (use.counters != nullptr) *use.counters = state_.counters_in(counted_use);
        return **known == use.content ? LogVerdict::Duplicate : LogVerdict::Conflict;
    }
    if (state_.count(counted_use, records_, use.counters, use.full) == Counted::LimitExceeded)
        return LogVerdict::LimitExceeded;
    identities.insert(hash, use.content);
    return LogVerdict::Accepted;
}

Result<std::vector<LogVerdict>> UsageLog::append(std::span<const LoggedUse> uses,
                                                 Instant received_at, LogWriter::Done durable) {
    std::vector<IdentityHash> hashes;
    hashes.reserve(uses.size());
    for (const LoggedUse& use : uses)
        hashes.push_back(identity_hash(key_, use.event.source, use.event.id));
    const auto decide_one = [&](IdentitySet::Batch& identities, std::size_t i) {
        if (i + kPrefetchAhead < uses.size()) identities.prefetch(hashes[i + kPrefetchAhead]);
        return decide(identities, uses[i], hashes[i]);
    };
    return decide_all<LogVerdict>({uses.size(), bytes_max(uses), received_at}, decide_one,
                                  std::move(durable));
}

std::optional<Counter> UsageLog::counter(const ContractKey& contract, std::string_view meter_key,
                                         Instant period_start, const Reset& reset) const {
    const std::scoped_lock lock(sequencer_);
    return state_.counter(contract, meter_key, period_start, reset);
}

std::vector<Counter> UsageLog::counters_at(const ContractKey& contract, Instant period_start,
                                           Instant now) const {
    const std::scoped_lock lock(sequencer_);
    return state_.counters_at(contract, period_start, now);
}

std::vector<Counter> UsageLog::counters_of(const ContractKey& contract, Instant ended_after,
                                           Instant began_before) const {
    const std::scoped_lock lock(sequencer_);
    return state_.counters_of(contract, ended_after, began_before);
}

Result<std::vector<CustomerCounter>> UsageLog::durable_counters(
    std::span<const std::uint32_t> numbers) const {
    std::vector<CustomerCounter> counters;
    counters.reserve(numbers.size());
    for (const std::uint32_t number : numbers) {
        // For each anew: whoever records must not wait for all of them.
        const std::scoped_lock lock(sequencer_);
        counters.push_back(state_.counter_numbered(number));
    }
    const auto durable = wait_until_durable();
    if (!durable) return failure(durable);
    return counters;
}

LogNames UsageLog::names() const {
    const auto counted_by = [this](std::uint32_t counter) {
        const std::scoped_lock lock(sequencer_);
        return state_.counted_by(counter);
    };
    const auto source = [this](std::uint32_t index) {
        const std::scoped_lock lock(sequencer_);
        return state_.names(NameTable::Source).text(index);
    };
    const auto counters_of = [this](std::string_view customer) {
        const std::scoped_lock lock(sequencer_);
        return state_.counters_of_customer(customer);
    };
    const auto status_of = [this](const LogPlace& event) {
        const std::scoped_lock lock(sequencer_);
        return state_.status_of(event);
    };
    return {counted_by, counters_of, source, status_of};
}

// These read what is durable only: the rest may never be.
Result<std::vector<LoggedEvent>> UsageLog::newest_events(const EventQuery& query) const {
    return scan_newest(segments_in(directory_), writer_->durable_sequence(), query, names());
}

Result<std::optional<LoggedEvent>> UsageLog::event_at(const LogPlace& place) const {
    return find_event(segments_in(directory_), writer_->durable_sequence(), place, names());
}

std::optional<PlacedCounter> UsageLog::placed_counter(const ContractKey& contract,
                                                      std::string_view meter_key,
                                                      Instant period_start) const {
    const std::scoped_lock lock(sequencer_);
    return state_.placed_counter(contract, meter_key, period_start);
}

Result<std::uint64_t> UsageLog::read_history(const PlacedCounter& counter, const EntryRange& range,
                                             const SeeEntry& see) const {
    return scan_counter({segments_in(directory_), writer_->durable_sequence()}, counter, range,
                        names(), see);
}

Result<bool> UsageLog::knows(std::string_view source, std::string_view id) const {
    const auto hash = identity_hash(key_, source, id);
    const std::scoped_lock lock(sequencer_);
    const auto known = identities_->batch().find(hash);
    if (!known) return failure(known);
    return known->has_value();
}

Result<LogMark> UsageLog::follow(const LogMark& from, const LogFollower& follower) const {
    return follow_log(segments_in(directory_), writer_->durable_sequence(), from, follower);
}

std::uint64_t UsageLog::events() const {
    const std::scoped_lock lock(sequencer_);
    return state_.events();
}

Result<std::monostate> UsageLog::wait_until_durable() const {
    std::promise<std::optional<Error>> durable;
    writer_->submit("", [&](const std::optional<Error>& failed) { durable.set_value(failed); });
    const auto failed = durable.get_future().get();
    if (failed) return std::unexpected(*failed);
    return std::monostate{};
}

Result<std::monostate> UsageLog::keep_identities_small() {
    if (identities_->wants_freeze()) identities_->freeze();
    const auto written = identities_->write_frozen([this] { return wait_until_durable(); });
    if (!written) return failure(written);
    const auto merged = identities_->merge_step();
    if (!merged) return failure(merged);
    return std::monostate{};
}

/// A run says nothing of its place in the log. The snapshot behind it does, and is small then.
Result<std::monostate> UsageLog::keep_identities_known() {
    const std::uint64_t in_runs = identities_->stats().run_entries;
    if (in_runs == saved_behind_) return std::monostate{};
    const std::string directory = snapshots_in(directory_);
    const auto place =
        snapshot_place(directory, SnapshotKind::Identities, writer_->durable_sequence() + 1);
    const auto saved =
        identities_->save_snapshot(place.path, [this] { return wait_until_durable(); });
    if (!saved) return failure(saved);
    saved_behind_ = identities_->stats().run_entries;
    return remove_older_snapshots(directory, SnapshotKind::Identities, place);
}

/// From the files alone, so that nobody waits: the last snapshot, and the segments since that are
/// finished. It takes the memory of all counters once more while it lasts.
Result<std::monostate> UsageLog::keep_snapshot_new() {
    const auto segments = list_segments(segments_in(directory_));
    if (!segments) return failure(segments);
    const std::uint64_t next = segments->back().first_sequence;
    if (next <= snapshot_sequence_) return std::monostate{};
    UsageState state;
    const auto newest = newest_snapshot(snapshots_in(directory_));
    if (!newest) return failure(newest);
    if (*newest)
        if (const auto loaded = load_snapshot(**newest, state); !loaded) return failure(loaded);
    const auto apply = [&](std::uint64_t, std::string_view records) {
        return state.apply_all(records);
    };
    const auto read = read_segments(*segments, {snapshot_sequence_, next}, {.records = apply});
    if (!read) return failure(read);
    const auto saved = save_snapshot(state, snapshots_in(directory_), next);
    if (!saved) return failure(saved);
    snapshot_sequence_ = next;
    return std::monostate{};
}

/// One at a time: identities must leave memory meanwhile.
Result<std::monostate> UsageLog::seal_finished() {
    const auto segments = list_segments(segments_in(directory_));
    if (!segments) return failure(segments);
    for (std::size_t i = 0; i + 1 < segments->size(); ++i) {
        const std::uint64_t next = (*segments)[i + 1].first_sequence;
        if (next > snapshot_sequence_) break;
        if ((*segments)[i].form == SegmentForm::Log) return seal_segment((*segments)[i], next);
    }
    return std::monostate{};
}

void UsageLog::run_background() {
    const auto steps =
        std::to_array({&UsageLog::keep_identities_small, &UsageLog::keep_identities_known,
                       &UsageLog::keep_snapshot_new, &UsageLog::seal_finished});
    auto pause = kBackgroundPause;
    std::unique_lock lock(background_mutex_);
    while (!background_wake_.wait_for(lock, pause, [this] { return is_stopping_; })) {
        lock.unlock();
        pause = kBackgroundPause;
        for (const auto step : steps) {
            const auto done = (this->*step)();
            if (done) continue;
            spdlog::error("event=usage_log.background message=\"{}\"", done.error().message);
            pause = kPauseAfterError;
        }
        lock.lock();
    }
}

}  // namespace turnpike
