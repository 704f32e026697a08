#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/counter.h"
#include "metering/log/counter_scan.h"
#include "metering/log/event_scan.h"
#include "metering/log/event_search.h"
#include "metering/log/identity/identity_gathering.h"
#include "metering/log/identity/identity_set.h"
#include "metering/log/identity/identity_table.h"
#include "metering/log/log_follow.h"
#include "metering/log/segment/log_writer.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/segment/segment_replay.h"
#include "metering/log/state/counter_tally.h"
#include "metering/log/state/usage_state.h"
#include "metering/usage_event.h"

namespace turnpike {

/// One event of a request, placed in its windows.
struct LoggedUse {
    const UsageEvent& event;
    std::span<const UsageCount> counts;  ///< as PendingUsage says
    std::uint32_t content;  ///< of what the event says; tells a repetition from a conflict
    /// Where to put its counters as the event left them, or found them. May be null.
    std::vector<Counter>* counters = nullptr;
    /// Where to put, of LimitExceeded, the window that it does not fit: one of its counts'. May be
    /// null.
    FullWindow* full = nullptr;
};

/// One correction of a request.
struct LoggedCorrection {
    const UsageEvent& event;  ///< its own name, customer and time
    const Correction& correction;
    std::uint32_t content;  ///< as LoggedUse says
    /// What find_events() said of the event that it names.
    const std::optional<FoundEvent>& original;
};
struct CorrectionVerdict {
    Verdict verdict = Verdict::Accepted;
    /// Set exactly when Rejected: unknown_event, or as UsageState::correct says.
    std::optional<EventComplaint> complaint{};
};

enum class LogVerdict : std::uint8_t {
    Accepted,
    Duplicate,
    Conflict,
    LimitExceeded,
};

/// A reservation of what a use would count.
struct LoggedHold {
    LoggedUse use;
    Quantity reserved;
    Instant expires_at;
};
struct HoldAnswer {
    ReserveVerdict verdict;
    std::optional<Reservation> reservation;  ///< when it was opened, now or before
    std::vector<Counter> counters;           ///< as it left or found them; not for Conflict
};
struct HoldEnd {
    EndVerdict verdict;
    std::optional<Reservation> reservation;  ///< absent exactly when it is unknown
    std::optional<Quantity> commit_max{};    ///< of Exceeds: the most that a commit may have now
};

/// More than the records of these events can take.
std::size_t bytes_max(std::span<const LoggedUse> uses);

/// The embedded store of usage: a log on disk, and in memory what it says. One decision at a time,
/// in the order of the log, so that a limit is never passed and a start ends in the same state.
///
///     <directory>/identity-key          names events by a keyed hash
///     <directory>/segments/*.log        the facts; finished ones become *.sealed
///     <directory>/identities/*.run      identities too old for memory
///     <directory>/snapshots             counters and identities, so that a start reads little
///
/// Thread-safe.
class UsageLog {
public:
    struct Config {
        std::string directory;
        std::size_t segment_bytes = std::size_t{256} << 20;
        std::size_t identities_in_memory = 6'000'000;
    };
    /// Makes what is missing, cuts off what a crash tore, and reads everything else.
    /// Errors: Unavailable "usage_log.damaged", with the file and the place; "usage_log.disk_full",
    ///         "usage_log.unreachable"; those of IdentitySet::open.
    static Result<std::unique_ptr<UsageLog>> open(const Config& config);
    UsageLog(const UsageLog&) = delete;
    UsageLog& operator=(const UsageLog&) = delete;
    ~UsageLog();

    /// Decides each event for itself, in order; a denied one leaves no trace. The verdicts may be
    /// told to anybody only after `durable` was called without an error: until then a duplicate's
    /// first telling can still be lost. `durable` is called once if, and only if, this returns
    /// verdicts; perhaps before it returns.
    /// Errors: Unavailable "usage_log.disk_full", "usage_log.busy", "usage_log.write_failed":
    ///         nothing was recorded; those of IdentitySet: the events before the one that it could
    ///         not judge may be. Sending all of them again is safe.
    Result<std::vector<LogVerdict>> append(std::span<const LoggedUse> uses, Instant received_at,
                                           LogWriter::Done durable);

    /// Opens a reservation, or finds the one that the same request opened. As append() otherwise.
    /// Errors: those of append; Unavailable "reservation.too_many_open".
    Result<HoldAnswer> reserve(const LoggedHold& asked, Instant received_at,
                               LogWriter::Done durable);
    /// Ends one; a commit's event and the end of the hold are in one frame. `durable` as of append.
    /// Errors: as append.
    Result<HoldEnd> commit(const HoldCommit& asked, Instant received_at, LogWriter::Done durable);
    Result<HoldEnd> release(std::uint64_t number, Instant received_at, LogWriter::Done durable);
    [[nodiscard]] std::optional<Reservation> reservation(std::uint64_t number) const;
    /// Ends what has expired by `now`.
    /// \return customers of all that expired since this was called last, by whatever ended it
    /// Errors: as append.
    Result<std::vector<std::string>> expire_holds(Instant now);

    /// Decides each correction for itself, in order, on the calling thread. Where only its other
    /// events tell what a counter comes to, these are read from the log, and nobody else waits but
    /// other corrections. The verdicts may be told after when_durable().
    /// Errors: as append; those of newest_events.
    Result<std::vector<CorrectionVerdict>> correct(std::span<const LoggedCorrection> corrections,
                                                   Instant received_at);
    /// Durable events by name, on the calling thread (event_search.h). Names that nobody has are
    /// not looked for.
    [[nodiscard]] Result<std::vector<std::optional<FoundEvent>>> find_events(
        std::span<const CustomerEventName> names) const;

    /// `durable` is called once, when everything that was decided before this call is durable, or
    /// cannot be any more.
    void when_durable(LogWriter::Done durable) { writer_->submit("", std::move(durable)); }

    [[nodiscard]] std::optional<Counter> counter(const ContractKey& contract,
                                                 std::string_view meter_key, Instant period_start,
                                                 const Reset& reset = {}) const;
    [[nodiscard]] std::vector<Counter> counters_of(const ContractKey& contract, Instant ended_after,
                                                   Instant began_before) const;
    [[nodiscard]] std::vector<Counter> counters_at(const ContractKey& contract,
                                                   Instant period_start, Instant now) const;
    /// Counters by the numbers that durable events call them by, with at least those events. All of
    /// what they show is durable on return. Waits for the disk.
    /// Errors: Unavailable "usage_log.write_failed".
    [[nodiscard]] Result<std::vector<CustomerCounter>> durable_counters(
        std::span<const std::uint32_t> numbers) const;
    /// Durable events, newest arrival first. Reads segments until the page is full, on the calling
    /// thread: of sealed ones, only the blocks that can hold a match (event_scan.h).
    /// Errors: Unavailable "usage_log.unreachable", "usage_log.damaged".
    [[nodiscard]] Result<std::vector<LoggedEvent>> newest_events(const EventQuery& query) const;
    /// The durable event at this place, on the calling thread (event_lookup.h).
    /// Errors: likewise.
    [[nodiscard]] Result<std::optional<LoggedEvent>> event_at(const LogPlace& place) const;
    /// A billing period's counter as it is now; all of its history is durable after when_durable().
    [[nodiscard]] std::optional<PlacedCounter> placed_counter(const ContractKey& contract,
                                                              std::string_view meter_key,
                                                              Instant period_start) const;
    /// Its durable history, on the calling thread (counter_scan.h).
    [[nodiscard]] Result<std::uint64_t> read_history(const PlacedCounter& counter,
                                                     const EntryRange& range,
                                                     const SeeEntry& see) const;
    /// Whether an event of this name was ever recorded; it may not be durable yet.
    /// Errors: those of IdentitySet.
    [[nodiscard]] Result<bool> knows(std::string_view source, std::string_view id) const;
    /// Durable events behind the mark, on the calling thread (log_follow.h).
    Result<LogMark> follow(const LogMark& from, const LogFollower& follower) const;
    /// What the numbers in durable events mean. It outlives what is returned.
    [[nodiscard]] LogNames names() const;
    /// Events ever recorded.
    [[nodiscard]] std::uint64_t events() const;
    /// Set for good when the disk failed; the process takes no more usage.
    [[nodiscard]] std::optional<Error> failed() const { return writer_->failed(); }

private:
    UsageLog(std::string directory, SipKey key, std::unique_ptr<IdentitySet> identities);
    Result<std::monostate> load_counters();
    /// \return the first frame that what was loaded may not know all identities of
    Result<std::uint64_t> load_identities();
    Result<std::monostate> recover(const Config& config);
    Result<std::monostate> apply(std::string_view records, IdentityGathering& identities);
    [[nodiscard]] IdentityEntry identity_of(const NamedRecord& named) const;
    /// A process that has no memory left in the middle of it ends: a decision that is in memory and
    /// not in the log would make the log contradict itself.
    Result<LogVerdict> decide(IdentitySet::Batch& identities, const LoggedUse& use,
                              const IdentityHash& hash) noexcept;
    /// Either a verdict, or what must be counted anew before there is one.
    using CorrectionStep = std::variant<CorrectionVerdict, RecountJob>;
    Result<CorrectionStep> decide(IdentitySet::Batch& identities,
                                  const LoggedCorrection& correction) noexcept;
    /// \param recounted  what the step before asked for; absent: this is the first one
    Result<CorrectionStep> step(const LoggedCorrection& correction, Instant received_at,
                                const std::optional<std::vector<CounterTally>>& recounted);
    Result<CorrectionVerdict> correct(const LoggedCorrection& correction, Instant received_at);
    [[nodiscard]] Result<std::vector<CounterTally>> recount(const RecountJob& job) const;
    /// What one request asks for.
    struct Request {
        std::size_t count;      ///< of things to be decided
        std::size_t bytes_max;  ///< more than the records of all can take
        Instant received_at;
    };
    /// Decides each for itself, in order, and hands what was recorded to the writer.
    /// \param decide  Result<Verdict>(IdentitySet::Batch&, std::size_t number); an error ends it
    template <class Verdict, class Decide>
    Result<std::vector<Verdict>> decide_all(const Request& request, Decide decide,
                                            LogWriter::Done durable);
    Result<HoldAnswer> decide(IdentitySet::Batch& identities, const LoggedHold& asked,
                              const IdentityHash& hash) noexcept;
    template <class Decide>
    Result<HoldEnd> end_hold(std::uint64_t number, Instant received_at, Decide decide_end,
                             LogWriter::Done durable);
    // With the sequencer held.
    /// Begins a request's records: with what has expired by then.
    void begin(Instant received_at);
    /// More than these take.
    [[nodiscard]] std::size_t expiry_bytes_max(Instant now) const;
    [[nodiscard]] Result<std::monostate> wait_until_durable() const;
    Result<std::monostate> keep_identities_small();
    Result<std::monostate> keep_identities_known();
    Result<std::monostate> keep_snapshot_new();
    Result<std::monostate> seal_finished();
    void run_background();

    const std::string directory_;
    const SipKey key_;
    const std::unique_ptr<IdentitySet> identities_;

    std::mutex correcting_;  ///< of one correction at a time; taken before sequencer_
    mutable std::mutex sequencer_;
    // guarded by sequencer_
    UsageState state_;
    std::string records_;  ///< of the request being decided; kept for its memory

    std::unique_ptr<LogWriter> writer_;

    std::mutex background_mutex_;
    std::condition_variable background_wake_;
    bool is_stopping_ = false;  // guarded by background_mutex_
    // Only the background thread, after open(): the newest snapshot says all before this frame.
    std::uint64_t snapshot_sequence_ = 1;
    /// In runs, when their newest snapshot was taken; nullopt when that is not known.
    std::optional<std::uint64_t> saved_behind_ = 0;
    std::thread background_;
};

template <class Verdict, class Decide>
Result<std::vector<Verdict>> UsageLog::decide_all(const Request& request, Decide decide,
                                                  LogWriter::Done durable) {
    std::vector<Verdict> verdicts;
    verdicts.reserve(request.count);
    const std::scoped_lock lock(sequencer_);
    const auto room = writer_->has_room(request.bytes_max + expiry_bytes_max(request.received_at));
    if (!room) return failure(room);
    begin(request.received_at);
    std::optional<Error> unanswered;
    {
        auto identities = identities_->batch();
        for (std::size_t i = 0; i < request.count && !unanswered; ++i) {
            auto verdict = decide(identities, i);
            if (verdict)
                verdicts.push_back(*std::move(verdict));
            else
                unanswered = verdict.error();
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

}  // namespace turnpike
