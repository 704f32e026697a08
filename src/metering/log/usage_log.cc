#include "metering/log/usage_log.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "metering/log/identity_hash.h"
#include "metering/log/segment_file.h"
#include "metering/log/usage_record.h"
#include "metering/log/usage_snapshot.h"

namespace turnpike {
namespace {

constexpr auto kBackgroundPause = std::chrono::seconds(1);
/// What failed may have written hundreds of megabytes before.
constexpr auto kPauseAfterError = std::chrono::seconds(60);
constexpr std::size_t kPrefetchAhead = IdentitySet::kPrefetchAhead;

std::string segments_in(const std::string& directory) { return directory + "/segments"; }
std::string identities_in(const std::string& directory) { return directory + "/identities"; }
std::string snapshots_in(const std::string& directory) { return directory + "/snapshots"; }
std::string identity_snapshot_in(const std::string& directory) {
    return snapshots_in(directory) + "/identities";
}

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

std::unexpected<Error> damaged(const SegmentPlace& segment, std::size_t offset) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} is damaged at byte {}, before usage that was acknowledged; restore "
                            "it from a backup",
                            segment.path, offset));
}

std::unexpected<Error> gap(const SegmentPlace& segment, std::uint64_t expected) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} begins at frame {}, and frame {} is missing; restore the segment "
                            "before it from a backup",
                            segment.path, segment.first_sequence, expected));
}

/// More than the records of these events can take.
std::size_t bytes_max(std::span<const LoggedUse> uses) {
    constexpr std::size_t kNamesMax = 4;  // customer, subscription, meter, plan version: short ones
    std::size_t bytes = record_bytes_max("");
    for (const LoggedUse& use : uses)
        bytes += record_bytes_max(use.event.id) + record_bytes_max(use.event.source) +
                 record_bytes_max("") + use.event.meter_key.size() +
                 kNamesMax * (record_bytes_max("") + use.event.customer.text().size());
    return bytes;
}

/// What the frames from this one on say.
Result<SegmentEnd> replay(std::span<const SegmentPlace> segments, std::uint64_t from,
                          const FrameVisitor& visit) {
    SegmentEnd end{.next_sequence = from};
    bool is_first = true;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const SegmentPlace& segment = segments[i];
        const bool is_last = i + 1 == segments.size();
        // The snapshot says what is in it.
        if (!is_last && segments[i + 1].first_sequence <= from) continue;
        const bool follows =
            is_first ? segment.first_sequence <= from : segment.first_sequence == end.next_sequence;
        if (!follows) return gap(segment, end.next_sequence);
        is_first = false;
        const auto scanned = scan_segment(segment, from, visit);
        if (!scanned) return failure(scanned);
        end = *scanned;
        // A segment is begun only when all of the one before is durable: only the last can be torn.
        if (end.state == SegmentEnd::State::Damaged ||
            (end.state == SegmentEnd::State::Torn && !is_last))
            return damaged(segment, end.offset);
        if (end.state == SegmentEnd::State::Torn)
            spdlog::warn("event=usage_log.torn_tail file={} offset={}", segment.path, end.offset);
    }
    if (end.next_sequence < from || (is_first && from > 1))
        return fail(ErrorCode::Unavailable, "usage_log.damaged",
                    fmt::format("the usage log ends before frame {}, and a snapshot knows it; "
                                "restore the missing segment from a backup",
                                from));
    return end;
}

}  // namespace

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

Result<std::monostate> UsageLog::load_snapshots(const std::string& directory) {
    const auto newest = newest_snapshot(snapshots_in(directory));
    if (!newest) return failure(newest);
    if (!*newest) return std::monostate{};
    UsageState state;
    const auto loaded = load_snapshot(**newest, state);
    if (!loaded) return failure(loaded);
    // Written before the counters' snapshot, or anew since, so it knows every identity before it.
    const auto remembered = identities_->load_snapshot(identity_snapshot_in(directory));
    if (!remembered) return failure(remembered);
    state_ = std::move(state);
    snapshot_sequence_ = (*newest)->next_sequence;
    return std::monostate{};
}

Result<std::monostate> UsageLog::recover(const Config& config) {
    const auto loaded = load_snapshots(config.directory);
    if (!loaded) return failure(loaded);
    const std::string directory = segments_in(config.directory);
    const auto segments = list_segments(directory);
    if (!segments) return failure(segments);
    const auto visit = [this](std::uint64_t, std::string_view payload) { return apply(payload); };
    const auto end = replay(*segments, snapshot_sequence_, visit);
    if (!end) return failure(end);
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

Result<std::monostate> UsageLog::apply(std::string_view payload) {
    std::vector<IdentityEntry> identities;
    const auto applied = state_.apply_all(payload, [&](const EventRecord& event) {
        const auto& source = state_.names(NameTable::Source).text(event.source);
        identities.push_back({identity_hash(key_, source, event.id), event.content});
    });
    if (!applied) return failure(applied);
    return remember(identities);
}

Result<std::monostate> UsageLog::remember(std::span<const IdentityEntry> entries) {
    auto identities = identities_->batch();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i + kPrefetchAhead < entries.size())
            identities.prefetch(entries[i + kPrefetchAhead].hash);
        // A run may know it already; the log is the truth, and it counts all the same.
        const auto recalled = identities.find_or_insert(entries[i].hash, entries[i].content);
        if (!recalled) return failure(recalled);
    }
    return std::monostate{};
}

Result<LogVerdict> UsageLog::decide(IdentitySet::Batch& identities, const LoggedUse& use,
                                    const IdentityHash& hash) noexcept {
    const auto known = identities.find(hash);
    if (!known) return failure(known);
    if (*known) return **known == use.content ? LogVerdict::Duplicate : LogVerdict::Conflict;
    const UsageEvent& event = use.event;
    const auto counted = state_.count({.customer = event.customer.text(),
                                       .meter_key = event.meter_key,
                                       .source = event.source,
                                       .id = event.id,
                                       .window = use.window,
                                       .quantity = event.quantity,
                                       .time = event.time,
                                       .latency_us = event.latency_us,
                                       .content = use.content},
                                      records_);
    switch (counted) {
        case Counted::LimitExceeded: return LogVerdict::LimitExceeded;
        case Counted::PeriodClosed: return LogVerdict::PeriodClosed;
        case Counted::Accepted: break;
    }
    identities.insert(hash, use.content);
    return LogVerdict::Accepted;
}

void UsageLog::tell_counter(const LoggedUse& use, LogVerdict verdict) const noexcept {
    if (use.counter == nullptr || verdict == LogVerdict::PeriodClosed) return;
    const ContractKey contract{use.event.customer.text(), text_of(use.window.contract)};
    *use.counter = state_.counter_in(contract, use.event.meter_key, use.window);
}

Result<std::vector<LogVerdict>> UsageLog::append(std::span<const LoggedUse> uses,
                                                 Instant received_at, LogWriter::Done durable) {
    std::vector<IdentityHash> hashes;
    hashes.reserve(uses.size());
    for (const LoggedUse& use : uses)
        hashes.push_back(identity_hash(key_, use.event.source, use.event.id));
    std::vector<LogVerdict> verdicts;
    verdicts.reserve(uses.size());

    const std::scoped_lock lock(sequencer_);
    const auto room = writer_->has_room(bytes_max(uses));
    if (!room) return failure(room);
    records_.clear();
    state_.begin_arrival(received_at);
    std::optional<Error> unanswered;
    {
        auto identities = identities_->batch();
        for (std::size_t i = 0; i < uses.size() && !unanswered; ++i) {
            if (i + kPrefetchAhead < uses.size()) identities.prefetch(hashes[i + kPrefetchAhead]);
            const auto verdict = decide(identities, uses[i], hashes[i]);
            if (verdict)
                verdicts.push_back(*verdict);
            else
                unanswered = verdict.error();
            if (verdict) tell_counter(uses[i], *verdict);
        }
    }
    if (unanswered) {
        // What was decided before stays decided, and must be on disk before anybody repeats it.
        writer_->submit(records_, [](const std::optional<Error>&) {});
        return std::unexpected(*std::move(unanswered));
    }
    writer_->submit(records_, std::move(durable));
    return verdicts;
}

Result<std::monostate> UsageLog::close(const ContractKey& contract, Instant closed_before,
                                       LogWriter::Done durable) {
    const std::scoped_lock lock(sequencer_);
    const auto room =
        writer_->has_room(record_bytes_max(contract.customer) +
                          record_bytes_max(contract.subscription) + record_bytes_max(""));
    if (!room) return failure(room);
    records_.clear();
    state_.close(contract, closed_before, records_);
    writer_->submit(records_, std::move(durable));
    return std::monostate{};
}

std::optional<Counter> UsageLog::counter(const ContractKey& contract, std::string_view meter_key,
                                         Instant period_start) const {
    const std::scoped_lock lock(sequencer_);
    return state_.counter(contract, meter_key, period_start);
}

std::vector<MeteredPeriod> UsageLog::counters_of(const ContractKey& contract, Instant from,
                                                 Instant before) const {
    const std::scoped_lock lock(sequencer_);
    return state_.counters_of(contract, from, before);
}

Result<std::vector<LoggedEvent>> UsageLog::newest_events(const EventQuery& query) const {
    const auto counted_by = [this](std::uint32_t counter) {
        const std::scoped_lock lock(sequencer_);
        return state_.counted_by(counter);
    };
    const auto source = [this](std::uint32_t index) {
        const std::scoped_lock lock(sequencer_);
        return state_.names(NameTable::Source).text(index);
    };
    // What is not durable yet may never be.
    return scan_newest(segments_in(directory_), writer_->durable_sequence(), query,
                       {counted_by, source});
}

std::uint64_t UsageLog::events() const {
    const std::scoped_lock lock(sequencer_);
    return state_.events();
}

Result<std::monostate> UsageLog::wait_until_durable() {
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
    const auto visit = [&](std::uint64_t, std::string_view payload) {
        return state.apply_all(payload);
    };
    const auto finished = std::span(*segments).first(segments->size() - 1);
    const auto end = replay(finished, snapshot_sequence_, visit);
    if (!end) return failure(end);
    if (end->next_sequence != next) return gap(segments->back(), end->next_sequence);
    const auto remembered = identities_->save_snapshot(identity_snapshot_in(directory_),
                                                       [this] { return wait_until_durable(); });
    if (!remembered) return failure(remembered);
    const auto saved = save_snapshot(state, snapshots_in(directory_), next);
    if (!saved) return failure(saved);
    snapshot_sequence_ = next;
    return std::monostate{};
}

void UsageLog::run_background() {
    auto pause = kBackgroundPause;
    std::unique_lock lock(background_mutex_);
    while (!background_wake_.wait_for(lock, pause, [this] { return is_stopping_; })) {
        lock.unlock();
        pause = kBackgroundPause;
        for (const auto& done : {keep_identities_small(), keep_snapshot_new()}) {
            if (done) continue;
            spdlog::error("event=usage_log.background message=\"{}\"", done.error().message);
            pause = kPauseAfterError;
        }
        lock.lock();
    }
}

}  // namespace turnpike
