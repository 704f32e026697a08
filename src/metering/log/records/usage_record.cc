#include "metering/log/records/usage_record.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "metering/log/records/leb128.h"
#include "metering/log/records/packed_uuid.h"
#include "metering/log/records/record_bytes.h"
#include "metering/usage_event.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

// A record begins with one byte: its kind in the lower four bits, flags in the upper four.
constexpr std::uint8_t kKindMask = 0x0f;
constexpr std::uint8_t kOverageIsPriced = 0x10;
constexpr std::uint8_t kOverageIsCapped = 0x20;
constexpr std::uint8_t kHasRule = 0x40;  ///< otherwise it sums up billing periods, as planned
constexpr std::uint8_t kHasBeginning = 0x80;
constexpr std::uint8_t kIsCorrected = 0x10;
// In the number that says the rule:
constexpr int kResetShift = 4;
constexpr std::uint64_t kAggregationMask = 0x07, kResetMask = 0x70;
constexpr std::uint64_t kIsKeptForEver = 0x08, kIsKeptNoMore = 0x80, kIsOverridden = 0x100;
constexpr std::uint64_t kRollingLengthMax = std::uint64_t{kRollingDaysMax} * 24;
constexpr std::uint8_t kQuantityIsOne = 0x10;
constexpr std::uint8_t kHasLatency = 0x20;
constexpr std::uint8_t kIdIsUuid = 0x40;
constexpr std::uint8_t kHasMore = 0x80;  ///< a second byte of flags follows:
constexpr std::uint8_t kIsUnique = 1, kHasCounts = 2, kHasProperties = 4;
constexpr std::uint8_t kHasLastAt = 0x10;
constexpr int kTableShift = 4;

bool has_rule(const AllowanceRecord& record) {
    return record.rule != CountRule{} || record.kept != KeptPast::WhileNeeded ||
           record.override_number != 0;
}

void put_rule(std::string& out, const AllowanceRecord& record) {
    const CountRule& rule = record.rule;
    put_number(out, static_cast<std::uint64_t>(rule.aggregation) |
                        static_cast<std::uint64_t>(rule.reset.kind) << kResetShift |
                        (record.kept == KeptPast::ForEver ? kIsKeptForEver : 0) |
                        (record.kept == KeptPast::NoMore ? kIsKeptNoMore : 0) |
                        (record.override_number != 0 ? kIsOverridden : 0));
    if (rule.reset.kind == Reset::Kind::Rolling)
        put_number(out, static_cast<std::uint64_t>(rule.reset.hours));
    if (record.override_number != 0) put_number(out, record.override_number);
}

/// What an ordinary event has nothing of.
std::uint8_t more_flags(const EventRecord& record) {
    return static_cast<std::uint8_t>((record.unique ? kIsUnique : 0) |
                                     (record.more.empty() ? 0 : kHasCounts) |
                                     (record.properties.empty() ? 0 : kHasProperties));
}

}  // namespace

bool is_event_time(Instant time) {
    return time >= Instant{} && time <= endless_window().end + kEventSkewMax;
}

std::int64_t distance_between(Instant from, Instant to) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(unix_micros(to)) -
                                     static_cast<std::uint64_t>(unix_micros(from)));
}

Instant moved_by(Instant from, std::int64_t distance) {
    return from_unix_micros(static_cast<std::int64_t>(
        static_cast<std::uint64_t>(unix_micros(from)) + static_cast<std::uint64_t>(distance)));
}

void write_record(std::string& out, const NameRecord& record) {
    out.push_back(static_cast<char>(kNameKind | static_cast<int>(record.table) << kTableShift));
    put_text(out, record.text);
}

void write_record(std::string& out, const ArrivalRecord& record) {
    out.push_back(kArrivalKind);
    put_number(out, record.number);
    put_instant(out, record.received_at);
}

void write_record(std::string& out, const AllowanceRecord& record) {
    out.push_back(
        static_cast<char>(kAllowanceKind | (record.overage_unit_price ? kOverageIsPriced : 0) |
                          (record.overage_cap ? kOverageIsCapped : 0) |
                          (has_rule(record) ? kHasRule : 0) | (record.begins ? kHasBeginning : 0)));
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
    if (record.overage_cap) put_signed(out, record.overage_cap->scaled());
    if (has_rule(record)) put_rule(out, record);
    if (!record.begins) return;
    put_number(out, record.begins->arrival);
    put_number(out, record.begins->position);
}

void write_record(std::string& out, const EventRecord& record, Instant received_at) {
    const bool is_one = record.quantity == Quantity::whole(1);
    const auto uuid = pack_uuid(record.id);
    const std::uint8_t more = more_flags(record);
    out.push_back(static_cast<char>(kEventKind | (is_one ? kQuantityIsOne : 0) |
                                    (record.latency_us ? kHasLatency : 0) | (uuid ? kIdIsUuid : 0) |
                                    (more != 0 ? kHasMore : 0)));
    if (more != 0) put_byte(out, more);
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
    if (record.unique) put_hash(out, *record.unique);
    if (!record.more.empty()) put_text(out, record.more);
    if (!record.properties.empty()) put_text(out, record.properties);
}

void write_record(std::string& out, const UsedRecord& record) {
    put_byte(out, kUsedKind | (record.is_corrected ? kIsCorrected : 0));
    put_number(out, record.counter);
    put_signed(out, record.used.scaled());
}

void write_record(std::string& out, const TotalsRecord& record) {
    out.push_back(kTotalsKind);
    put_number(out, record.arrivals);
    put_number(out, record.events);
}

void write_record(std::string& out, const TrailRecord& record) {
    put_byte(out, kTrailKind | (record.last_at ? kHasLastAt : 0));
    put_number(out, record.counter);
    if (record.last_at) put_instant(out, *record.last_at);
    put_text(out, record.buckets);
}

void write_record(std::string& out, const UniqueRecord& record) {
    put_byte(out, kUniqueKind);
    put_number(out, record.counter);
    put_text(out, record.hashes);
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

std::optional<EventCount> EventCounts::next() {
    if (first_) return std::exchange(first_, std::nullopt);
    return rest_.next();
}

void put_buckets(std::string& out, const std::vector<UsageBucket>& buckets) {
    std::int64_t last = 0;
    for (const UsageBucket& bucket : buckets) {
        put_number(out, static_cast<std::uint64_t>(bucket.number - last));
        put_number(out, static_cast<std::uint64_t>(bucket.used.scaled()));
        last = bucket.number;
    }
}

std::optional<std::vector<UsageBucket>> read_buckets(std::string_view bytes) {
    constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 33;  // in minutes, beyond all years
    std::vector<UsageBucket> buckets;
    NumberReader in(bytes);
    std::uint64_t last = 0;
    while (!in.rest().empty()) {
        const std::uint64_t distance = in.number(), used = in.number();
        const bool rises = buckets.empty() || distance > 0;
        if (in.is_bad() || !rises || distance > kNumberMax - last || used == 0 ||
            used > static_cast<std::uint64_t>(kMaxQuantity.scaled()))
            return std::nullopt;
        last += distance;
        buckets.push_back({static_cast<std::int64_t>(last),
                           Quantity::from_scaled(static_cast<std::int64_t>(used))});
    }
    return buckets;
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
        case kNameKind: {
            const int table = flags >> kTableShift;
            if (table > static_cast<int>(NameTable::Source)) return std::nullopt;
            return NameRecord{static_cast<NameTable>(table), text()};
        }
        case kArrivalKind: {
            if (flags != 0) return std::nullopt;
            ArrivalRecord arrival{};
            arrival.number = in_.number();
            arrival.received_at = received_at_ = instant();
            return arrival;
        }
        case kAllowanceKind: return read_allowance(flags);
        case kEventKind: return read_event(flags);
        case kUsedKind: {
            if ((flags & ~kIsCorrected) != 0) return std::nullopt;
            UsedRecord used{};
            used.is_corrected = flags != 0;
            used.counter = in_.index();
            used.used = Quantity::from_scaled(in_.signed_number());
            return used;
        }
        case kTotalsKind: {
            if (flags != 0) return std::nullopt;
            TotalsRecord totals{};
            totals.arrivals = in_.number();
            totals.events = in_.number();
            return totals;
        }
        case kTrailKind: {
            if ((flags & ~kHasLastAt) != 0) return std::nullopt;
            TrailRecord trail{};
            trail.counter = in_.index();
            if ((flags & kHasLastAt) != 0) trail.last_at = instant();
            trail.buckets = text();
            return trail;
        }
        case kUniqueKind: {
            if (flags != 0) return std::nullopt;
            UniqueRecord unique{};
            unique.counter = in_.index();
            unique.hashes = text();
            return unique;
        }
        case kCorrectionKind: return read_correction(flags);
        case kHoldKind: return read_hold(flags);
        case kHoldEndKind: return read_hold_end(flags);
        default: return std::nullopt;
    }
}

/// A rule that cannot be is bad.
void RecordReader::read_rule(AllowanceRecord& record) {
    constexpr std::uint64_t kKnown =
        kAggregationMask | kResetMask | kIsKeptForEver | kIsKeptNoMore | kIsOverridden;
    const std::uint64_t said = in_.number();
    const auto aggregation = static_cast<int>(said & kAggregationMask);
    const auto kind = static_cast<int>((said & kResetMask) >> kResetShift);
    const bool is_for_ever = (said & kIsKeptForEver) != 0, is_no_more = (said & kIsKeptNoMore) != 0;
    if ((said & ~kKnown) != 0 || aggregation > static_cast<int>(Meter::Aggregation::Unique) ||
        kind > static_cast<int>(Reset::Kind::Rolling) || (is_for_ever && is_no_more)) {
        is_bad_ = true;
        return;
    }
    if (is_for_ever) record.kept = KeptPast::ForEver;
    if (is_no_more) record.kept = KeptPast::NoMore;
    record.rule = {static_cast<Meter::Aggregation>(aggregation),
                   {static_cast<Reset::Kind>(kind), 0}};
    if (record.rule.reset.kind == Reset::Kind::Rolling) {
        const std::uint64_t hours = in_.number();
        if (hours < 1 || hours > kRollingLengthMax) is_bad_ = true;
        record.rule.reset.hours = static_cast<std::int32_t>(std::min(hours, kRollingLengthMax));
    }
    if ((said & kIsOverridden) == 0) return;
    record.override_number = in_.index();
    if (record.override_number == 0) is_bad_ = true;
}

std::optional<UsageRecord> RecordReader::read_allowance(std::uint8_t flags) {
    constexpr int kKnown = kOverageIsPriced | kOverageIsCapped | kHasRule | kHasBeginning;
    if ((flags & ~kKnown) != 0) return std::nullopt;
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
    if ((flags & kOverageIsCapped) != 0)
        record.overage_cap = UnitPrice::from_scaled(in_.signed_number());
    if ((flags & kHasRule) != 0) read_rule(record);
    if ((flags & kHasBeginning) != 0) record.begins = place();
    return record;
}

std::optional<UsageRecord> RecordReader::read_event(std::uint8_t flags) {
    EventRecord record{};
    std::uint64_t more = 0;
    if ((flags & kHasMore) != 0) more = in_.number();
    if ((more & ~std::uint64_t{kIsUnique | kHasCounts | kHasProperties}) != 0) return std::nullopt;
    record.counter = in_.index();
    record.source = in_.index();
    record.id = (flags & kIdIsUuid) != 0 ? uuid() : text();
    record.quantity = (flags & kQuantityIsOne) != 0 ? Quantity::whole(1)
                                                    : Quantity::from_scaled(in_.signed_number());
    record.time = moved_by(received_at_, in_.signed_number());
    if ((flags & kHasLatency) != 0) record.latency_us = in_.signed_number();
    record.content = fixed();
    if ((more & kIsUnique) != 0) record.unique = read_hash(in_);
    if ((more & kHasCounts) != 0) {
        record.more = text();
        if (!is_count_list(record.more, record.quantity)) return std::nullopt;
    }
    if ((more & kHasProperties) != 0) record.properties = text();
    return record;
}

}  // namespace turnpike
