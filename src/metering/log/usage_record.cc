#include "metering/log/usage_record.h"

#include <array>
#include <limits>

namespace turnpike {
namespace {

// A record begins with one byte: its kind in the lower four bits, flags in the upper four. Numbers
// are LEB128: seven bits a byte, the lowest first; signed ones in zigzag (0, -1, 1, -2, ...).
constexpr std::uint8_t kName = 1, kArrival = 2, kAllowance = 3, kEvent = 4, kClose = 5, kUsed = 6,
                       kTotals = 7;
constexpr std::uint8_t kKindMask = 0x0f;
constexpr std::uint8_t kOverageIsPriced = 0x10;
constexpr std::uint8_t kQuantityIsOne = 0x10;
constexpr std::uint8_t kHasLatency = 0x20;
constexpr int kTableShift = 4;

constexpr std::size_t kNumberBytesMax = 10;
constexpr std::size_t kNumbersMax = 10;

void put(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
    out.push_back(static_cast<char>(number));
}

void put_signed(std::string& out, std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    put(out, (bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0));
}

void put_instant(std::string& out, Instant moment) { put_signed(out, unix_micros(moment)); }

void put_text(std::string& out, std::string_view text) {
    put(out, text.size());
    out.append(text);
}

void put_fixed(std::string& out, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(static_cast<std::uint8_t>(number >> shift)));
}

}  // namespace

void write_record(std::string& out, const NameRecord& record) {
    out.push_back(static_cast<char>(kName | static_cast<int>(record.table) << kTableShift));
    put_text(out, record.text);
}

void write_record(std::string& out, const ArrivalRecord& record) {
    out.push_back(kArrival);
    put(out, record.number);
    put_instant(out, record.received_at);
}

void write_record(std::string& out, const AllowanceRecord& record) {
    out.push_back(
        static_cast<char>(kAllowance | (record.overage_unit_price ? kOverageIsPriced : 0)));
    put(out, record.counter);
    put(out, record.customer);
    put(out, record.subscription);
    put(out, record.meter);
    put(out, record.plan_version);
    put_instant(out, record.period.start);
    put_instant(out, record.period.end);
    put_signed(out, record.included.scaled());
    put_signed(out, record.revision);
    if (record.overage_unit_price) put_signed(out, record.overage_unit_price->scaled());
}

void write_record(std::string& out, const EventRecord& record, Instant received_at) {
    const bool is_one = record.quantity == Quantity::whole(1);
    out.push_back(static_cast<char>(kEvent | (is_one ? kQuantityIsOne : 0) |
                                    (record.latency_us ? kHasLatency : 0)));
    put(out, record.counter);
    put(out, record.source);
    put_text(out, record.id);
    if (!is_one) put_signed(out, record.quantity.scaled());
    put_signed(out, (record.time - received_at).count());
    if (record.latency_us) put_signed(out, *record.latency_us);
    put_fixed(out, record.content);
}

void write_record(std::string& out, const CloseRecord& record) {
    out.push_back(kClose);
    put(out, record.customer);
    put(out, record.subscription);
    put_instant(out, record.closed_before);
}

void write_record(std::string& out, const UsedRecord& record) {
    out.push_back(kUsed);
    put(out, record.counter);
    put_signed(out, record.used.scaled());
}

void write_record(std::string& out, const TotalsRecord& record) {
    out.push_back(kTotals);
    put(out, record.arrivals);
    put(out, record.events);
}

std::size_t record_bytes_max(std::string_view text) {
    return 1 + kNumbersMax * kNumberBytesMax + text.size();
}

std::uint64_t RecordReader::unsigned_number() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < kNumberBytesMax && i < rest_.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(rest_[i]);
        const std::uint64_t bits = byte & 0x7fU;
        if (i + 1 == kNumberBytesMax && bits > 1) break;  // the 64th bit is the last
        number |= bits << (7 * i);
        if (byte >= 0x80) continue;
        rest_.remove_prefix(i + 1);
        return number;
    }
    is_bad_ = true;
    return 0;
}

std::uint32_t RecordReader::index() {
    const std::uint64_t number = unsigned_number();
    if (number > std::numeric_limits<std::uint32_t>::max()) is_bad_ = true;
    return static_cast<std::uint32_t>(number);
}

std::int64_t RecordReader::signed_number() {
    const std::uint64_t bits = unsigned_number();
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

Instant RecordReader::instant() { return from_unix_micros(signed_number()); }

std::string_view RecordReader::text() {
    const std::uint64_t size = unsigned_number();
    if (is_bad_ || size > rest_.size()) {
        is_bad_ = true;
        return {};
    }
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
}

std::optional<UsageRecord> RecordReader::next() {
    if (is_bad_ || rest_.empty()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    auto record = read(first & kKindMask, first & static_cast<std::uint8_t>(~kKindMask));
    if (!record) is_bad_ = true;
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
            arrival.number = unsigned_number();
            arrival.received_at = received_at_ = instant();
            return arrival;
        }
        case kAllowance: return read_allowance(flags);
        case kEvent: return read_event(flags);
        case kClose: {
            if (flags != 0) return std::nullopt;
            CloseRecord close{};
            close.customer = index();
            close.subscription = index();
            close.closed_before = instant();
            return close;
        }
        case kUsed: {
            if (flags != 0) return std::nullopt;
            UsedRecord used{};
            used.counter = index();
            used.used = Quantity::from_scaled(signed_number());
            return used;
        }
        case kTotals: {
            if (flags != 0) return std::nullopt;
            TotalsRecord totals{};
            totals.arrivals = unsigned_number();
            totals.events = unsigned_number();
            return totals;
        }
        default: return std::nullopt;
    }
}

std::optional<UsageRecord> RecordReader::read_allowance(std::uint8_t flags) {
    if ((flags & ~kOverageIsPriced) != 0) return std::nullopt;
    AllowanceRecord record{};
    record.counter = index();
    record.customer = index();
    record.subscription = index();
    record.meter = index();
    record.plan_version = index();
    record.period.start = instant();
    record.period.end = instant();
    record.included = Quantity::from_scaled(signed_number());
    record.revision = signed_number();
    if ((flags & kOverageIsPriced) != 0)
        record.overage_unit_price = UnitPrice::from_scaled(signed_number());
    return record;
}

std::optional<UsageRecord> RecordReader::read_event(std::uint8_t flags) {
    if ((flags & ~(kQuantityIsOne | kHasLatency)) != 0) return std::nullopt;
    EventRecord record{};
    record.counter = index();
    record.source = index();
    record.id = text();
    record.quantity =
        (flags & kQuantityIsOne) != 0 ? Quantity::whole(1) : Quantity::from_scaled(signed_number());
    // The sum may be anything when the bytes are; it wraps where a signed one may not.
    record.time = from_unix_micros(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(unix_micros(received_at_)) +
                                  static_cast<std::uint64_t>(signed_number())));
    if ((flags & kHasLatency) != 0) record.latency_us = signed_number();
    if (rest_.size() < sizeof(std::uint32_t)) return std::nullopt;
    for (int i = 0; i < 4; ++i)
        record.content |= static_cast<std::uint32_t>(
                              static_cast<std::uint8_t>(rest_[static_cast<std::size_t>(i)]))
                          << (8 * i);
    rest_.remove_prefix(sizeof(std::uint32_t));
    return record;
}

}  // namespace turnpike
