#include "metering/log/records/hold_record.h"

#include "metering/log/records/record_bytes.h"
#include "metering/log/records/usage_record.h"

namespace turnpike {
namespace {

// Of the first byte, above the kind.
constexpr int kStateShift = 4;
constexpr std::uint8_t kStateMask = 0x30, kHasCounts = 0x40, kHasProperties = 0x80;

std::uint8_t state_flags(ReservationState state) {
    return static_cast<std::uint8_t>(static_cast<int>(state) << kStateShift);
}

ReservationState state_of(std::uint8_t flags) {
    return static_cast<ReservationState>((flags & kStateMask) >> kStateShift);
}

}  // namespace

void write_record(std::string& out, const HoldRecord& record) {
    put_byte(out, kHoldKind | state_flags(record.state) | (record.more.empty() ? 0 : kHasCounts) |
                      (record.properties.empty() ? 0 : kHasProperties));
    put_number(out, record.number);
    put_number(out, record.counter);
    put_number(out, record.source);
    put_text(out, record.id);
    put_signed(out, record.quantity.scaled());
    put_signed(out, record.reserved.scaled());
    put_instant(out, record.time);
    put_instant(out, record.expires_at);
    put_fixed(out, record.content);
    if (!record.more.empty()) put_text(out, record.more);
    if (!record.properties.empty()) put_text(out, record.properties);
    if (record.state == ReservationState::Open) return;
    put_signed(out, record.used.scaled());
    put_instant(out, record.ended_at);
}

void write_record(std::string& out, const HoldEndRecord& record) {
    put_byte(out, kHoldEndKind | state_flags(record.state));
    put_number(out, record.number);
    if (record.state == ReservationState::Committed) put_signed(out, record.used.scaled());
}

// Ids are whole texts, not packed: a record of the story outlives its reader.
std::optional<UsageRecord> RecordReader::read_hold(std::uint8_t flags) {
    HoldRecord record{};
    record.number = in_.number();
    record.counter = in_.index();
    record.source = in_.index();
    record.id = text();
    record.quantity = Quantity::from_scaled(in_.signed_number());
    record.reserved = Quantity::from_scaled(in_.signed_number());
    record.time = instant();
    record.expires_at = instant();
    record.content = fixed();
    if ((flags & kHasCounts) != 0) {
        record.more = text();
        if (!is_count_list(record.more, record.quantity)) return std::nullopt;
    }
    if ((flags & kHasProperties) != 0) record.properties = text();
    record.state = state_of(flags);
    if (record.state == ReservationState::Open) return record;
    record.used = Quantity::from_scaled(in_.signed_number());
    record.ended_at = instant();
    return record;
}

std::optional<UsageRecord> RecordReader::read_hold_end(std::uint8_t flags) {
    if ((flags & ~kStateMask) != 0 || state_of(flags) == ReservationState::Open)
        return std::nullopt;
    HoldEndRecord record{};
    record.number = in_.number();
    record.state = state_of(flags);
    if (record.state == ReservationState::Committed)
        record.used = Quantity::from_scaled(in_.signed_number());
    return record;
}

}  // namespace turnpike
