#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/error.h"
#include "metering/correction.h"
#include "metering/counter.h"
#include "metering/log/records/usage_record.h"
#include "metering/log/state/counter_tally.h"
#include "metering/log/state/hold_book.h"
#include "metering/reservation.h"

namespace turnpike {

/// Texts and their numbers, in the order in which the log first said them.
class NameList {
public:
    /// The number of `text`; the next free one, with `is_new`, when the log has not said it.
    struct Found {
        std::uint32_t index;
        bool is_new;
    };
    [[nodiscard]] Found find(std::string_view text) const;
    void add(std::string_view text);
    [[nodiscard]] const std::string& text(std::uint32_t index) const { return texts_[index]; }
    [[nodiscard]] std::size_t size() const { return texts_.size(); }

private:
    std::deque<std::string> texts_;  // whose elements never move
    boost::unordered_flat_map<std::string_view, std::uint32_t> indexes_;
};

/// One event to be counted.
struct Use {
    std::string_view customer, source, id;  ///< the contract is the windows'
    std::span<const UsageCount> counts;     ///< as PendingUsage says
    Instant time;
    std::optional<std::int64_t> latency_us;
    std::uint32_t content;
    std::string_view properties{};
};

/// An event of the log, as a correction needs it.
struct FoundEvent {
    LogPlace place;
    Instant time;
    std::uint32_t source;            ///< its name's number
    std::vector<EventCount> counts;  ///< at least one; all of one customer
    std::string properties{};
};

/// One correction to be decided.
struct CorrectionUse {
    std::string_view source, id;  ///< its own
    Instant time;
    std::uint32_t content;
    const Correction& correction;
    const FoundEvent& original;  ///< the one that the correction names
};
/// A reservation to be opened, of what a use would count.
struct HoldUse {
    Use use;
    Quantity reserved;  ///< as it was asked for
    Instant expires_at;
};
/// What a reservation's work has used.
struct HoldCommit {
    std::uint64_t number;
    Quantity quantity;
    std::optional<std::string_view> properties{};  ///< absent: those of the reservation
};

/// A name that the log gave to an event, or to a reservation and the event that commits it.
struct NamedRecord {
    std::uint32_t source;
    std::string_view id;
    std::uint32_t content;
};
/// nullopt for records that name nothing.
std::optional<NamedRecord> name_in(const UsageRecord& record);

/// Whose usage is counted: one contract of one customer. Views of what the caller holds.
struct ContractKey {
    std::string_view customer;
    std::string_view subscription;  ///< "": the default plan
};

/// A counter as all arrivals up to one have left it.
struct PlacedCounter {
    std::uint32_t number = 0;  ///< as an EventRecord has it
    std::string customer;      ///< id
    Counter counter;
    std::vector<LogPlace> segments;  ///< where each begins; the first one: at or before its events
    std::uint64_t last_arrival = 0;
};

enum class Counted : std::uint8_t {
    Accepted,
    LimitExceeded,  ///< a bound of its counters does not let it in; nothing changed
};

/// What the usage log says so far. Two ways lead here, and both end in the same state: count()
/// decides, and writes down what it decided; apply() repeats what was written down. Identities are
/// looked up elsewhere, before. Not thread-safe.
class UsageState {
public:
    /// Begins what one request records; received_at is the time of arrival of its events.
    void begin_arrival(Instant received_at);
    /// Appends the records of an accepted event to `records`; the arrival's own goes before the
    /// first of them. A window that is older than the allowance in force does not bring its own
    /// back: its usage counts under the newer one.
    /// \param left  if not null, counters_in() as the event left them
    /// \param full  if not null, of LimitExceeded the first window that the event does not fit
    Counted count(const Use& use, std::string& records, std::vector<Counter>* left = nullptr,
                  FullWindow* full = nullptr);
    /// Before a correction is decided: whether only other events can tell what its counters come
    /// to. Then these must be found (event_recount.h) and told; what is counted meanwhile is noted
    /// here, until forget_recount(). One at a time, and no other correction meanwhile.
    /// \return nullopt: correct() can decide
    std::optional<RecountJob> begin_recount(const CorrectionUse& use);
    /// \param found  one for each of the job's counters
    void tell_recount(std::span<const CounterTally> found);
    void forget_recount() { recount_.reset(); }
    /// Appends the record of a correction that holds; begin_arrival() came before, and no event
    /// since: corrections have arrivals of their own. begin_recount() found nothing to ask for.
    /// Complaints: those of changes_of() and complaint_of(). Nothing changed then.
    std::expected<std::monostate, EventComplaint> correct(const CorrectionUse& use,
                                                          std::string& records);

    /// Ends what has expired by the arrival's time, before anything of it is decided: at most
    /// kExpiredMax, those first that expired first.
    void expire_holds(std::string& records) noexcept;
    static constexpr std::size_t kExpiredMax = 10'000;
    /// Holds all of the use's counts, or none. Nothing else may be decided for its arrival before.
    /// \param left  counters_in() as it left them
    ReserveVerdict reserve(const HoldUse& asked, std::string& records, std::vector<Counter>& left);
    /// Records the event and ends the hold. It counts under the allowance in force in its counters.
    EndVerdict commit(const HoldCommit& asked, std::string& records) noexcept;
    EndVerdict release(std::uint64_t number, std::string& records) noexcept;
    [[nodiscard]] const HoldBook& holds() const { return holds_; }
    /// Counters that hold something else than their open reservations do: none, ever.
    [[nodiscard]] std::vector<std::uint32_t> wrongly_held() const;
    [[nodiscard]] Reservation reservation_of(const Hold& hold) const;
    /// Of one that is open: the most that commit() would take.
    [[nodiscard]] Quantity commit_max(const Hold& hold) const;
    /// Whose holds expire_holds() ended since this was asked last.
    std::vector<std::string> take_expired_customers();

    /// An error leaves the state unusable.
    /// Errors: Unavailable "usage_log.damaged", for a record that cannot follow those before it.
    Result<std::monostate> apply(const UsageRecord& record);
    /// All records of a payload, in order; shows each name once, where the log first gives it.
    /// Errors: as apply, and for a record that this program does not know.
    using SeeName = std::function<void(const NamedRecord&)>;
    Result<std::monostate> apply_all(std::string_view payload, const SeeName& see = {});

    /// Records that lead a new state to this one; applied in order, they are its snapshot. They
    /// come in pieces of about kSnapshotPieceBytes; an error of `take` ends it.
    using TakeRecords = std::function<Result<std::monostate>(std::string_view records)>;
    Result<std::monostate> write_snapshot(const TakeRecords& take) const;
    static constexpr std::size_t kSnapshotPieceBytes = std::size_t{1} << 20;

    [[nodiscard]] std::optional<Counter> counter(const ContractKey& contract,
                                                 std::string_view meter_key, Instant period_start,
                                                 const Reset& reset = {}) const;
    /// Whether a correction has changed the counter of this billing period.
    [[nodiscard]] bool is_corrected(const ContractKey& contract, std::string_view meter_key,
                                    Instant period_start) const;
    /// What the use would find, as of its time: see under_window(), but a window that is older than
    /// the allowance in force finds that one. One counter for each count.
    [[nodiscard]] std::vector<Counter> counters_in(const Use& use) const;
    /// The contract's counters of billing periods that ended after `ended_after` and began before
    /// `began_before`, by period, then meter.
    [[nodiscard]] std::vector<Counter> counters_of(const ContractKey& contract, Instant ended_after,
                                                   Instant began_before) const;
    /// Those that hold `now`, and of the billing period that began at `period_start`; as of `now`,
    /// by meter, then reset.
    [[nodiscard]] std::vector<Counter> counters_at(const ContractKey& contract,
                                                   Instant period_start, Instant now) const;

    /// The counter of a billing period, and where its history lies.
    [[nodiscard]] std::optional<PlacedCounter> placed_counter(const ContractKey& contract,
                                                              std::string_view meter_key,
                                                              Instant period_start) const;

    /// What a counter counts.
    struct CountedBy {
        std::string customer, subscription, meter_key;
        Meter::Aggregation aggregation;
        Reset reset;
        Instant period_start;
    };
    /// \param counter  as an EventRecord has it
    [[nodiscard]] CountedBy counted_by(std::uint32_t counter) const;
    /// The same counter with all that it says.
    [[nodiscard]] CustomerCounter counter_numbered(std::uint32_t counter) const;
    /// Those that a correction has changed and that their events alone tell, all of them, in rising
    /// order.
    [[nodiscard]] std::vector<std::uint32_t> recountable_counters() const;
    /// Of all of the customer's contracts, in rising order.
    [[nodiscard]] std::vector<std::uint32_t> counters_of_customer(std::string_view customer) const;

    /// More bytes than the changes of a correction take.
    [[nodiscard]] std::size_t change_bytes_max(const FoundEvent& original) const;
    /// What corrections made of the event so far.
    [[nodiscard]] EventStatus status_of(const LogPlace& event) const;
    /// Events that were corrected.
    [[nodiscard]] std::size_t corrected_events() const { return corrected_.size(); }

    [[nodiscard]] const NameList& names(NameTable table) const {
        return names_[static_cast<std::size_t>(table)];
    }
    [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::size_t counters() const { return counters_.size(); }

private:
    struct Segment {
        std::uint32_t plan_version, override_number;
        Quantity from_used, included;
        std::optional<UnitPrice> overage_unit_price, overage_cap;
        LogPlace begins;  ///< none of its events stands before; anywhere in the first of a sum
    };
    /// What few counters need.
    struct Past {
        UsageTrail trail;
        boost::unordered_flat_set<std::uint64_t> unique;  ///< hashes of the different values
        std::optional<Instant> queued_for{};              ///< in `unneeded_`
    };
    static constexpr std::uint32_t kNoPast = std::numeric_limits<std::uint32_t>::max();
    struct Entry {
        std::uint32_t contract, meter;
        CountRule rule;
        std::uint32_t past;  ///< in pasts_, or kNoPast
        Period period;
        Quantity used;
        std::optional<Quantity> hard_limit;
        std::vector<Segment> segments;
        std::int64_t revision;  ///< of the allowance in force
        Quantity held{};        ///< by open reservations
        bool is_corrected = false;
        KeptPast kept = KeptPast::WhileNeeded;
    };
    struct Key {
        std::uint32_t contract, meter;
        Reset reset;
        Instant period_start;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    /// Numbered in the order in which they were first used.
    struct ContractUsage {
        std::uint32_t customer, subscription;                ///< their names
        std::vector<std::uint32_t> counters;                 ///< in the order of their first usage
        std::vector<std::pair<std::uint32_t, Reset>> kinds;  ///< of these: meter and reset
    };
    /// Where one count of a use goes.
    struct Placement {
        const UsageCount* count;
        std::optional<std::uint32_t> counter;  ///< absent: it is the first in its window
        bool is_held;                          ///< the allowance in force stays in force
    };

    std::uint32_t name(NameTable table, std::string_view text, std::string& records);
    void begin_records(std::string& records);
    void enter_arrival(const ArrivalRecord& record);
    [[nodiscard]] LogPlace next_place() const;
    [[nodiscard]] std::optional<std::uint32_t> find(const Key& key) const;
    [[nodiscard]] Counter counter_of(const Entry& entry) const;
    [[nodiscard]] std::optional<std::uint32_t> find_contract(const ContractKey& contract) const;
    std::uint32_t contract_of(std::uint32_t customer, std::uint32_t subscription);
    [[nodiscard]] bool holds(const Entry& entry, const UsageWindow& window) const;
    [[nodiscard]] Placement place(std::optional<std::uint32_t> contract,
                                  const UsageCount& count) const;
    [[nodiscard]] Counter counter_at(const Placement& placement) const;
    [[nodiscard]] bool fits(const Placement& placement, Instant time) const;
    [[nodiscard]] bool fits(const Entry& entry, Quantity value, Instant time) const;
    [[nodiscard]] std::vector<Counter> counters_at(std::span<const Placement> placements,
                                                   Instant moment) const;
    [[nodiscard]] const UsageTrail& trail_of(const Entry& entry) const;
    [[nodiscard]] Quantity counted_value(const Entry& entry, const EventCount& count) const;
    [[nodiscard]] EventCount event_count(const Placement& placement) const;
    void take(const EventCount& count, Instant time);
    void write_event(const Use& use, std::string& records);
    std::uint32_t set_allowance(const Use& use, const Placement& placement, std::string& records);
    void open(const AllowanceRecord& record, std::uint32_t contract);

    /// One that is under way, and what is known of its counters: at first, what came since.
    struct RunningRecount {
        RecountJob job;
        std::vector<CounterTally> tallies;
        bool is_told = false;
    };
    [[nodiscard]] static std::uint32_t segment_at(const Entry& entry, const LogPlace& place);
    [[nodiscard]] std::expected<std::vector<ValueChange>, EventComplaint> changes_for(
        const CorrectionUse& use) const;
    [[nodiscard]] Revaluation revaluation_of(const FoundEvent& event, const EventCount& count,
                                             const ValueChange& change) const;
    [[nodiscard]] LoggedChange logged(const FoundEvent& event, const EventCount& count,
                                      const ValueChange& change) const;
    [[nodiscard]] const CounterTally* told_of(const LogPlace& original,
                                              std::uint32_t counter) const;
    void note(const EventCount& count, Instant time);
    [[nodiscard]] std::optional<Counter> changed(const LoggedChange& change, Instant time) const;
    void put_back(Entry& entry, const Counter& counter);

    // What no event can look at any more (usage_state_forgetting.cc).
    [[nodiscard]] static bool is_ever_unneeded(const CountRule& rule, const Period& window);
    [[nodiscard]] std::optional<Instant> unneeded_at(const Entry& entry) const;
    void make_past(Entry& entry);
    void queue_past(const Entry& entry);
    void forget_unneeded();
    void forget_past(Entry& entry);

    Result<std::monostate> apply_record(const NameRecord& record);
    Result<std::monostate> apply_record(const ArrivalRecord& record);
    Result<std::monostate> apply_record(const AllowanceRecord& record);
    Result<std::monostate> apply_record(const EventRecord& record);
    Result<std::monostate> apply_record(const UsedRecord& record);
    Result<std::monostate> apply_record(const TotalsRecord& record);
    Result<std::monostate> apply_record(const TrailRecord& record);
    Result<std::monostate> apply_record(const UniqueRecord& record);
    Result<std::monostate> apply_record(const CorrectionRecord& record);
    Result<std::monostate> apply_record(const CorrectedRecord& record);
    Result<std::monostate> apply_record(const HoldRecord& record);
    Result<std::monostate> apply_record(const HoldEndRecord& record);
    Result<std::monostate> apply_commit(const EventRecord& record);
    [[nodiscard]] bool can_commit(const Hold& hold, Quantity quantity) const;
    void end_hold(const Hold& hold, const HoldEndRecord& record, std::string& records);
    void write_commit(const Hold& hold, const HoldCommit& asked, std::string& records);
    Result<std::monostate> write_holds(std::string& records, const TakeRecords& take) const;
    void write_counter(std::uint32_t number, std::string& records) const;
    Result<std::monostate> write_values(std::uint32_t number, std::string& records,
                                        const TakeRecords& take) const;

    std::array<NameList, kNameTables> names_;
    std::vector<Entry> counters_;
    std::vector<Past> pasts_;
    std::vector<std::uint32_t> free_pasts_;  ///< whose counters need none any more
    /// Counters by when their past is not needed any more, or sooner.
    using Unneeded = std::pair<Instant, std::uint32_t>;
    std::priority_queue<Unneeded, std::vector<Unneeded>, std::greater<>> unneeded_;
    boost::unordered_flat_map<Key, std::uint32_t, KeyHash> by_key_;
    std::vector<ContractUsage> contracts_;
    /// By customer's and subscription's name.
    boost::unordered_flat_map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>
        contract_numbers_;
    std::vector<std::vector<std::uint32_t>> contracts_of_customer_;  ///< by his name's number
    std::map<LogPlace, EventStatus> corrected_;
    std::optional<RunningRecount> recount_;
    Instant received_at_;
    std::uint64_t arrivals_ = 0, events_ = 0;
    std::uint64_t arrival_begins_ = 0;  ///< events before the last arrival
    std::uint64_t corrections_ = 0;     ///< of the last arrival
    bool arrival_is_written_ = true;
    HoldBook holds_;
    std::optional<std::uint64_t> committing_;  ///< whose event must be the next record
    std::vector<std::string> expired_customers_;
    // Of the use that is being decided; kept for their memory.
    std::vector<Placement> placements_;
    std::string more_counts_;
};

}  // namespace turnpike
