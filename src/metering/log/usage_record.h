#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/decimal.h"
#include "base/time.h"
#include "metering/log/leb128.h"
#include "metering/log/packed_uuid.h"

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

/// From here on the counter is under this allowance: a new segment, unless the plan version is the
/// one in force. The number after the last one opens a counter.
struct AllowanceRecord {
    std::uint32_t counter;
    std::uint32_t customer, subscription, meter, plan_version;
    Period period;
    Quantity included;
    std::optional<UnitPrice> overage_unit_price;
    std::int64_t revision;  ///< of the contract, as UsageWindow says
    friend bool operator==(const AllowanceRecord&, const AllowanceRecord&) = default;
};

/// One accepted event; belongs to the arrival before it.
struct EventRecord {
    std::uint32_t counter;
    std::uint32_t source;
    std::string_view id;
    Quantity quantity;
    Instant time;
    std::optional<std::int64_t> latency_us;
    std::uint32_t content;  ///< tells a repetition from another event of the same name
    friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

/// The contract's periods that began before this moment take nothing any more.
struct CloseRecord {
    std::uint32_t customer, subscription;
    Instant closed_before;
    friend bool operator==(const CloseRecord&, const CloseRecord&) = default;
};

/// How far a counter has come. Only in snapshots, where it stands for the events before.
struct UsedRecord {
    std::uint32_t counter;
    Quantity used;
    friend bool operator==(const UsedRecord&, const UsedRecord&) = default;
};

/// How many there were before. Only in snapshots, as their first record.
struct TotalsRecord {
    std::uint64_t arrivals, events;
    friend bool operator==(const TotalsRecord&, const TotalsRecord&) = default;
};

using UsageRecord = std::variant<NameRecord, ArrivalRecord, AllowanceRecord, EventRecord,
                                 CloseRecord, UsedRecord, TotalsRecord>;

void write_record(std::string& out, const NameRecord& record);
void write_record(std::string& out, const ArrivalRecord& record);
void write_record(std::string& out, const AllowanceRecord& record);
/// \param received_at  of its arrival; times are written as distances from it
void write_record(std::string& out, const EventRecord& record, Instant received_at);
void write_record(std::string& out, const CloseRecord& record);
void write_record(std::string& out, const UsedRecord& record);
void write_record(std::string& out, const TotalsRecord& record);
/// \param received_at  only events need it
void write_record(std::string& out, const UsageRecord& record, Instant received_at);

/// In microseconds; a moment is its distance from another one where it is written. Both may be
/// anything when the bytes are: they wrap, where signed sums may not.
std::int64_t distance_between(Instant from, Instant to);
Instant moved_by(Instant from, std::int64_t distance);

/// More bytes than any EventRecord with these texts, or any other record with such a text, takes.
std::size_t record_bytes_max(std::string_view text);

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
    Instant instant();
    std::string_view text();
    std::string_view uuid();
    std::uint32_t fixed();

    NumberReader in_;
    Instant received_at_;
    std::array<char, kUuidTextBytes> uuid_{};
    bool is_bad_ = false;
};

}  // namespace turnpike
