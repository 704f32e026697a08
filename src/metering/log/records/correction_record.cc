#include "metering/counter.h"
#include "metering/log/records/record_bytes.h"
#include "metering/log/records/usage_record.h"

namespace turnpike {
namespace {

// Of the first byte, above the kind.
constexpr std::uint8_t kHasQuantity = 0x10;
constexpr std::uint8_t kIsMemory = 0x20;  ///< what a snapshot says of an event
constexpr std::uint8_t kIsVoided = 0x40;

// Of a change's segment, in the lowest bits.
constexpr std::uint64_t kBecomes = 1, kHasLatest = 2, kIsGone = 4;
constexpr int kSegmentShift = 3;

bool is_count(std::uint64_t scaled) {
    return scaled <= static_cast<std::uint64_t>(kMaxQuantity.scaled());
}

/// nullopt for what is none.
std::optional<Recounted> read_recounted(NumberReader& in, std::uint64_t flags) {
    Recounted recounted;
    const std::uint64_t segments = in.number();
    if (segments == 0 || segments > in.rest().size()) return std::nullopt;
    for (std::uint64_t i = 0; i < segments; ++i) {
        const std::uint64_t scaled = in.number();
        if (in.is_bad() || !is_count(scaled)) return std::nullopt;
        recounted.ends.push_back(Quantity::from_scaled(static_cast<std::int64_t>(scaled)));
    }
    if ((flags & kHasLatest) != 0) recounted.last_at = from_unix_micros(in.signed_number());
    recounted.is_value_gone = (flags & kIsGone) != 0;
    return recounted;
}

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
    std::uint64_t flags = 0;
    if (const auto& becomes = change.becomes)
        flags =
            kBecomes | (becomes->last_at ? kHasLatest : 0) | (becomes->is_value_gone ? kIsGone : 0);
    put_number(out, change.counter);
    put_number(out, std::uint64_t{change.segment} << kSegmentShift | flags);
    put_signed(out, change.change.scaled());
    if (!change.becomes) return;
    put_number(out, change.becomes->ends.size());
    for (const Quantity end : change.becomes->ends)
        put_number(out, static_cast<std::uint64_t>(end.scaled()));
    if (change.becomes->last_at) put_instant(out, *change.becomes->last_at);
    if (change.becomes->is_value_gone) put_hash(out, change.gone);
}

std::optional<std::vector<LoggedChange>> read_changes(std::string_view bytes) {
    std::vector<LoggedChange> changes;
    NumberReader in(bytes);
    while (!in.rest().empty()) {
        LoggedChange change;
        change.counter = in.index();
        const std::uint64_t flags = in.number(), segment = flags >> kSegmentShift;
        change.segment = static_cast<std::uint32_t>(segment);
        const std::int64_t scaled = in.signed_number();
        const std::int64_t most = kMaxQuantity.scaled();
        if (in.is_bad() || segment != change.segment || scaled < -most || scaled > most ||
            changes.size() == kUsageCountsMax)
            return std::nullopt;
        change.change = Quantity::from_scaled(scaled);
        if ((flags & kBecomes) != 0) change.becomes = read_recounted(in, flags);
        if (((flags & kBecomes) != 0) != change.becomes.has_value()) return std::nullopt;
        if (change.becomes && change.becomes->is_value_gone) change.gone = read_hash(in);
        const bool is_bare = (flags & (kHasLatest | kIsGone)) == 0;
        if (in.is_bad() || (!change.becomes && !is_bare)) return std::nullopt;
        changes.push_back(std::move(change));
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
