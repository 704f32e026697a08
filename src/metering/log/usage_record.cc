#include "metering/log/usage_record.h"

#include <type_traits>

#include "metering/log/leb128.h"
#include "metering/log/packed_uuid.h"

namespace turnpike {
namespace {

// A record begins with one byte: its kind in the lower four bits, flags in the upper four.
constexpr std::uint8_t kName = 1, kArrival = 2, kAllowance = 3, kEvent = 4, kClose = 5, kUsed = 6,
                       kTotals = 7;
constexpr std::uint8_t kKindMask = 0x0f;
constexpr std::uint8_t kOverageIsPriced = 0x10;
constexpr std::uint8_t kQuantityIsOne = 0x10;
constexpr std::uint8_t kHasLatency = 0x20;
constexpr std::uint8_t kIdIsUuid = 0x40;
constexpr int kTableShift = 4;

constexpr std::size_t kNumbersMax = 10;

void put_instant(std::string& out, Instant moment) { put_signed(out, unix_micros(moment)); }

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out.append(text);
}

void put_fixed(std::string& out, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(static_cast<std::uint8_t>(number >> shift)));
}

}  // namespace

std::int64_t distance_between(Instant from, Instant to) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(unix_micros(to)) -
                                     static_cast<std::uint64_t>(unix_micros(from)));
}

Instant moved_by(Instant from, std::int64_t distance) {
    return from_unix_micros(static_cast<std::int64_t>(
        static_cast<std::uint64_t>(unix_micros(from)) + static_cast<std::uint64_t>(distance)));
}

void write_record(std::string& out, const NameRecord& record) {
    out.push_back(static_cast<char>(kName | static_cast<int>(record.table) << kTableShift));
    put_text(out, record.text);
}

void write_record(std::string& out, const ArrivalRecord& record) {
    out.push_back(kArrival);
    put_number(out, record.number);
    put_instant(out, record.received_at);
}

void write_record(std::string& out, const AllowanceRecord& record) {
    out.push_back(
        static_cast<char>(kAllowance | (record.overage_unit_price ? kOverageIsPriced : 0)));
    put_number(out, record.counter);
    put_number(out, record.customer);
    put_number(out, record.subscription);
    put_number(out, record.meter);
    put_number(out, record.plan_version);
    put_instant(out, record.period.start);
    put_instant(out, record.period.end);
    put_signed(out, record.included.scaled());
    put_signed(out, record.revision);
    if (record.overage_unit_price) put_signed(out, record.overage_unit_price->scaled());
}

void write_record(std::string& out, const EventRecord& record, Instant received_at) {
    const bool is_one = record.quantity == Quantity::whole(1);
    const auto uuid = pack_uuid(record.id);
    out.push_back(static_cast<char>(kEvent | (is_one ? kQuantityIsOne : 0) |
                                    (record.latency_us ? kHasLatency : 0) |
                                    (uuid ? kIdIsUuid : 0)));
    put_number(out, record.counter);
    put_number(out, record.source);
    if (uuid)
        out.append(uuid->data(), uuid->size());
    else
        put_text(out, record.id);
    if (!is_one) put_signed(out, record.quantity.scaled());
    put_signed(out, distance_between(received_at, record.time));
    if (record.latency_us) put_signed(out, *record.latency_us);
    put_fixed(out, record.content);
}

void write_record(std::string& out, const CloseRecord& record) {
    out.push_back(kClose);
    put_number(out, record.customer);
    put_number(out, record.subscription);
    put_instant(out, record.closed_before);
}

void write_record(std::string& out, const UsedRecord& record) {
    out.push_back(kUsed);
    put_number(out, record.counter);
    put_signed(out, record.used.scaled());
}

void write_record(std::string& out, const TotalsRecord& record) {
    out.push_back(kTotals);
    put_number(out, record.arrivals);
    put_number(out, record.events);
}

void write_record(std::string& out, const UsageRecord& record, Instant received_at) {
    const auto write = [&]<class Record>(const Record& known) {
        if constexpr (std::is_same_v<Record, EventRecord>)
            write_record(out, known, received_at);
        else
            write_record(out, known);
    };
    std::visit(write, record);
}

std::size_t record_bytes_max(std::string_view text) {
    return 1 + kNumbersMax * kNumberBytesMax + text.size();
}

Instant RecordReader::instant() { return from_unix_micros(in_.signed_number()); }

std::string_view RecordReader::text() { return in_.text(in_.number()); }

std::string_view RecordReader::uuid() {
    const auto packed = in_.text(kPackedUuidBytes);
    if (in_.is_bad()) return {};
    unpack_uuid(packed, uuid_);
    return {uuid_.data(), uuid_.size()};
}

std::uint32_t RecordReader::fixed() {
    std::uint32_t number = 0;
    int shift = 0;
    for (const char byte : in_.text(sizeof number)) {
        number |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(byte)) << shift;
        shift += 8;
    }
    return number;
}

std::optional<UsageRecord> RecordReader::next() {
    if (is_bad_ || in_.rest().empty()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(in_.text(1).front());
    auto record = read(first & kKindMask, first & static_cast<std::uint8_t>(~kKindMask));
    if (!record || in_.is_bad()) is_bad_ = true;
    if (is_bad_) return std::nullopt;
    return record;
}

std::optional<UsageRecord> RecordReader::read(std::uint8_t kind, std::uint8_t flags) {
    switch (kind) {
        case kName: {
            const int table = flags >> kTableShift;
            if (table > static_cast<int>(NameTable::Source)) return std::nullopt;
            return NameRecord{static_cast<NameTable>(table), text()};
        }
        case kArrival: {
            if (flags != 0) return std::nullopt;
            ArrivalRecord arrival{};
            arrival.number = in_.number();
            arrival.received_at = received_at_ = instant();
            return arrival;
        }
        case kAllowance: return read_allowance(flags);
        case kEvent: return read_event(flags);
        case kClose: {
            if (flags != 0) return std::nullopt;
            CloseRecord close{};
            close.customer = in_.index();
            close.subscription = in_.index();
            close.closed_before = instant();
            return close;
        }
        case kUsed: {
            if (flags != 0) return std::nullopt;
            UsedRecord used{};
            used.counter = in_.index();
            used.used = Quantity::from_scaled(in_.signed_number());
            return used;
        }
        case kTotals: {
            if (flags != 0) return std::nullopt;
            TotalsRecord totals{};
            totals.arrivals = in_.number();
            totals.events = in_.number();
            return totals;
        }
        default: return std::nullopt;
    }
}

std::optional<UsageRecord> RecordReader::read_allowance(std::uint8_t flags) {
    if ((flags & ~kOverageIsPriced) != 0) return std::nullopt;
    AllowanceRecord record{};
    record.counter = in_.index();
    record.customer = in_.index();
    record.subscription = in_.index();
    record.meter = in_.index();
    record.plan_version = in_.index();
    record.period.start = instant();
    record.period.end = instant();
    record.included = Quantity::from_scaled(in_.signed_number());
    record.revision = in_.signed_number();
    if ((flags & kOverageIsPriced) != 0)
        record.overage_unit_price = UnitPrice::from_scaled(in_.signed_number());
    return record;
}

std::optional<UsageRecord> RecordReader::read_event(std::uint8_t flags) {
    if ((flags & ~(kQuantityIsOne | kHasLatency | kIdIsUuid)) != 0) return std::nullopt;
    EventRecord record{};
    record.counter = in_.index();
    record.source = in_.index();
    record.id = (flags & kIdIsUuid) != 0 ? uuid() : text();
    record.quantity = (flags & kQuantityIsOne) != 0 ? Quantity::whole(1)
                                                    : Quantity::from_scaled(in_.signed_number());
    record.time = moved_by(received_at_, in_.signed_number());
    if ((flags & kHasLatency) != 0) record.latency_us = in_.signed_number();
    record.content = fixed();
    return record;
}

}  // namespace turnpike
