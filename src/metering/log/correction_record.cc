#include "metering/counter.h"
#include "metering/log/record_bytes.h"
#include "metering/log/usage_record.h"

namespace turnpike {
namespace {

// Of the first byte, above the kind.
constexpr std::uint8_t kHasQuantity = 0x10;
constexpr std::uint8_t kIsMemory = 0x20;  ///< what a snapshot says of an event
constexpr std::uint8_t kIsVoided = 0x40;

void put_event_place(std::string& out, const LogPlace& place) {
    put_number(out, place.arrival);
    put_number(out, place.position);
}

}  // namespace

void write_record(std::string& out, const CorrectionRecord& record) {
    put_byte(out, kCorrectionKind | (record.quantity ? kHasQuantity : 0));
    put_event_place(out, record.place);
    put_instant(out, record.received_at);
    put_number(out, record.source);
    put_text(out, record.id);
    put_instant(out, record.time);
    put_number(out, record.content);
    put_event_place(out, record.original);
    put_number(out, record.original_source);
    put_text(out, record.original_id);
    put_instant(out, record.original_time);
    put_text(out, record.original_properties);
    if (record.quantity) put_signed(out, record.quantity->scaled());
    put_text(out, record.changes);
}

void write_record(std::string& out, const CorrectedRecord& record) {
    put_byte(out, kCorrectionKind | kIsMemory | (record.is_voided ? kIsVoided : 0) |
                      (record.amended ? kHasQuantity : 0));
    put_event_place(out, record.original);
    if (record.amended) put_signed(out, record.amended->scaled());
}

void put_change(std::string& out, const LoggedChange& change) {
    put_number(out, change.counter);
    put_number(out, change.segment);
    put_signed(out, change.change.scaled());
}

std::optional<std::vector<LoggedChange>> read_changes(std::string_view bytes) {
    std::vector<LoggedChange> changes;
    NumberReader in(bytes);
    while (!in.rest().empty()) {
        LoggedChange change;
        change.counter = in.index();
        change.segment = in.index();
        const std::int64_t scaled = in.signed_number();
        const std::int64_t most = kMaxQuantity.scaled();
        if (in.is_bad() || scaled < -most || scaled > most || changes.size() == kUsageCountsMax)
            return std::nullopt;
        change.change = Quantity::from_scaled(scaled);
        changes.push_back(change);
    }
    if (changes.empty()) return std::nullopt;
    return changes;
}

LogPlace RecordReader::place() {
    const std::uint64_t arrival = in_.number();
    return {arrival, in_.number()};
}

std::optional<UsageRecord> RecordReader::read_correction(std::uint8_t flags) {
    if ((flags & kIsMemory) != 0) {
        if ((flags & ~(kIsMemory | kIsVoided | kHasQuantity)) != 0) return std::nullopt;
        CorrectedRecord corrected{};
        corrected.original = place();
        corrected.is_voided = (flags & kIsVoided) != 0;
        if ((flags & kHasQuantity) != 0)
            corrected.amended = Quantity::from_scaled(in_.signed_number());
        return corrected;
    }
    if ((flags & ~kHasQuantity) != 0) return std::nullopt;
    CorrectionRecord record{};
    record.place = place();
    record.received_at = instant();
    record.source = in_.index();
    record.id = text();
    record.time = instant();
    record.content = in_.index();
    record.original = place();
    record.original_source = in_.index();
    record.original_id = text();
    record.original_time = instant();
    record.original_properties = text();
    if ((flags & kHasQuantity) != 0) record.quantity = Quantity::from_scaled(in_.signed_number());
    record.changes = text();
    if (!read_changes(record.changes)) return std::nullopt;
    return record;
}

}  // namespace turnpike
