#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/aggregation.h"
#include "metering/log/records/count_list.h"
#include "metering/log/records/hold_record.h"
#include "metering/log/records/leb128.h"
#include "metering/log/records/packed_uuid.h"
#include "metering/recount.h"

namespace turnpike {

/// Where an event stands in the log, for ever: the order of arrival.
struct LogPlace {
    std::uint64_t arrival = 0;   ///< its request's number
    std::uint64_t position = 0;  ///< among the events that this request recorded, from 0
    friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

/// A frame's payload is a list of records. Texts that come again and again are said once, by a
/// NameRecord, and are a number from then on: its place in its table, from 0, in the order of the
/// log. Counters are numbered in the same way.
enum class NameTable : std::uint8_t {
    Customer,
    Subscription,  ///< "" is the default plan
    Meter,
    PlanVersion,
    Source,
};
inline constexpr std::size_t kNameTables = 5;

struct NameRecord {
    NameTable table;
    std::string_view text;
    friend bool operator==(const NameRecord&, const NameRecord&) = default;
};

/// Begins what one request recorded.
struct ArrivalRecord {
    std::uint64_t number;  ///< 1, 2, 3, ... over the whole log
    Instant received_at;
    friend bool operator==(const ArrivalRecord&, const ArrivalRecord&) = default;
};

/// How long a counter keeps what few counters need of their past: different values, buckets.
enum class KeptPast : std::uint8_t {
    WhileNeeded,  ///< as long as an event may come that would look at it
    ForEver,      ///< of a customer on a test clock, whose events may be of any age
    NoMore,       ///< different values that are forgotten; only in snapshots
};

/// From here on the counter is under this allowance: a new segment, unless plan version and
/// override are those in force. The number after the last one opens a counter.
struct AllowanceRecord {
    std::uint32_t counter;
    std::uint32_t customer, subscription, meter, plan_version;
    Period period;
    Quantity included;
    std::optional<UnitPrice> overage_unit_price;
    std::int64_t revision;  ///< of the contract, as UsageWindow says
    CountRule rule{};       ///< of the counter; never another one
    std::optional<UnitPrice> overage_cap{};
    /// Only in snapshots, which tell a segment without its events: before which place none of these
    /// stands. Of the first segment, unless the counter adds up: where it was opened.
    std::optional<LogPlace> begins{};
    KeptPast kept{};                    ///< looked at where it opens the counter
    std::uint32_t override_number = 0;  ///< as of Allowance
    friend bool operator==(const AllowanceRecord&, const AllowanceRecord&) = default;
};

/// One accepted event; belongs to the arrival before it. `counter` and `quantity` are its first
/// count, and nearly always the only one.
struct EventRecord {
    std::uint32_t counter;
    std::uint32_t source;
    std::string_view id;
    Quantity quantity;
    Instant time;
    std::optional<std::int64_t> latency_us;
    std::uint32_t content;  ///< tells a repetition from another event of the same name
    std::optional<std::uint64_t> unique{};  ///< of the first count
    std::string_view more{};                ///< further counts, as put_count() writes them
    std::string_view properties{};
    friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

/// A correction: an event of its own, whose request has an arrival before it and no other events.
/// It says its place itself, and what was decided, so that nobody has to look for the event.
struct CorrectionRecord {
    LogPlace place;
    Instant received_at;
    std::uint32_t source;
    std::string_view id;
    Instant time;
    std::uint32_t content;
    LogPlace original;
    std::uint32_t original_source;
    std::string_view original_id;
    Instant original_time;
    std::string_view original_properties;
    std::optional<Quantity> quantity;  ///< of an amend; absent: it is a void
    std::string_view changes;          ///< as put_change() writes them, at least one
    friend bool operator==(const CorrectionRecord&, const CorrectionRecord&) = default;
};

/// What corrections made of an event so far. Only in snapshots.
struct CorrectedRecord {
    LogPlace original;
    bool is_voided;
    std::optional<Quantity> amended;
    friend bool operator==(const CorrectedRecord&, const CorrectedRecord&) = default;
};

/// How far a counter has come. Only in snapshots, where it stands for the events before.
struct UsedRecord {
    std::uint32_t counter;
    Quantity used;
    bool is_corrected = false;  ///< by any correction, so that it may have fallen
    friend bool operator==(const UsedRecord&, const UsedRecord&) = default;
};

/// What else a counter remembers of its past. Only in snapshots, behind its UsedRecord.
struct TrailRecord {
    std::uint32_t counter;
    std::optional<Instant> last_at;
    std::string_view buckets;  ///< as put_buckets() writes them
    friend bool operator==(const TrailRecord&, const TrailRecord&) = default;
};

/// Some of the different values that a counter has counted. Only in snapshots, behind its
/// UsedRecord.
struct UniqueRecord {
    std::uint32_t counter;
    std::string_view hashes;  ///< as put_hash() writes them, in rising order
    friend bool operator==(const UniqueRecord&, const UniqueRecord&) = default;
};

/// How many there were before. Only in snapshots, as their first record.
struct TotalsRecord {
    std::uint64_t arrivals, events;
    friend bool operator==(const TotalsRecord&, const TotalsRecord&) = default;
};

using UsageRecord = std::variant<NameRecord, ArrivalRecord, AllowanceRecord, EventRecord,
                                 UsedRecord, TotalsRecord, TrailRecord, UniqueRecord,
                                 CorrectionRecord, CorrectedRecord, HoldRecord, HoldEndRecord>;

void write_record(std::string& out, const NameRecord& record);
void write_record(std::string& out, const ArrivalRecord& record);
void write_record(std::string& out, const AllowanceRecord& record);
/// \param received_at  of its arrival; times are written as distances from it
void write_record(std::string& out, const EventRecord& record, Instant received_at);
void write_record(std::string& out, const UsedRecord& record);
void write_record(std::string& out, const TotalsRecord& record);
void write_record(std::string& out, const TrailRecord& record);
void write_record(std::string& out, const UniqueRecord& record);
void write_record(std::string& out, const CorrectionRecord& record);
void write_record(std::string& out, const CorrectedRecord& record);
/// \param received_at  only events need it
void write_record(std::string& out, const UsageRecord& record, Instant received_at);

/// A time that an event may have: anything else in a record is damage.
bool is_event_time(Instant time);

/// In microseconds; a moment is its distance from another one where it is written. Both may be
/// anything when the bytes are: they wrap, where signed sums may not.
std::int64_t distance_between(Instant from, Instant to);
Instant moved_by(Instant from, std::int64_t distance);

/// Reads what an event does to counters, the first count first.
class EventCounts {
public:
    /// What `event` refers to outlives it.
    explicit EventCounts(const EventRecord& event)
        : first_(EventCount{event.counter, event.quantity, event.unique}),
          rest_(event.more, event.quantity) {}
    std::optional<EventCount> next();

private:
    std::optional<EventCount> first_;
    CountReader rest_;
};

/// What a correction does to one counter.
struct LoggedChange {
    std::uint32_t counter = 0;
    std::uint32_t segment = 0;  ///< of the counter, as CountChange says
    Quantity change;            ///< of what the event counts there
    /// Where the counter is led, if it does not add up and does not stay as it is.
    std::optional<Recounted> becomes{};
    std::uint64_t gone = 0;  ///< the value that is gone, where `becomes` says so
    friend bool operator==(const LoggedChange&, const LoggedChange&) = default;
};
void put_change(std::string& out, const LoggedChange& change);
/// nullopt for bytes that are no such list, of one change or more up to an event's most.
std::optional<std::vector<LoggedChange>> read_changes(std::string_view bytes);

/// The buckets of a rolling window, and back; nullopt for bytes that are none.
void put_buckets(std::string& out, const std::vector<UsageBucket>& buckets);
std::optional<std::vector<UsageBucket>> read_buckets(std::string_view bytes);

/// More bytes than a record takes, beside its texts.
inline constexpr std::size_t kRecordBytesMax = 1 + 1 + 16 * kNumberBytesMax;
/// More bytes than a count takes in the list behind an event's first.
inline constexpr std::size_t kCountBytesMax = 2 * kNumberBytesMax + sizeof(std::uint64_t);
/// More bytes than a change takes in a correction's list, of a counter of that many segments.
constexpr std::size_t change_bytes_of(std::size_t segments) {
    return (5 + segments) * kNumberBytesMax + sizeof(std::uint64_t);
}

/// Reads a payload's records in order. Texts are parts of the payload, or of the reader until its
/// next call: an id that is a UUID takes 16 bytes there. Any bytes at all are safe.
class RecordReader {
public:
    /// \param received_at  of the arrival that the first events belong to, when it is not in there
    explicit RecordReader(std::string_view payload, Instant received_at = {})
        : in_(payload), received_at_(received_at) {}
    /// nullopt at the end, and when the bytes are no record: then is_bad() says so.
    std::optional<UsageRecord> next();
    [[nodiscard]] bool is_bad() const { return is_bad_; }

private:
    std::optional<UsageRecord> read(std::uint8_t kind, std::uint8_t flags);
    std::optional<UsageRecord> read_allowance(std::uint8_t flags);
    std::optional<UsageRecord> read_event(std::uint8_t flags);
    std::optional<UsageRecord> read_correction(std::uint8_t flags);
    LogPlace place();
    std::optional<UsageRecord> read_hold(std::uint8_t flags);
    std::optional<UsageRecord> read_hold_end(std::uint8_t flags);
    Instant instant();
    std::string_view text();
    std::string_view uuid();
    std::uint32_t fixed();
    void read_rule(AllowanceRecord& record);

    NumberReader in_;
    Instant received_at_;
    std::array<char, kUuidTextBytes> uuid_{};
    bool is_bad_ = false;
};

}  // namespace turnpike
