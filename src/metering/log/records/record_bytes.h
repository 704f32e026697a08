#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "metering/log/records/leb128.h"

namespace turnpike {

/// Kinds of records, in the lower four bits of a record's first byte.
inline constexpr std::uint8_t kNameKind = 1, kArrivalKind = 2, kAllowanceKind = 3, kEventKind = 4,
                              kUsedKind = 6, kTotalsKind = 7, kTrailKind = 8, kUniqueKind = 9,
                              kCorrectionKind = 10, kHoldKind = 11, kHoldEndKind = 12;  // 5 is free

// What records are made of, beside the numbers of leb128.h.

inline void put_byte(std::string& out, int byte) { out.push_back(static_cast<char>(byte)); }

inline void put_instant(std::string& out, Instant moment) { put_signed(out, unix_micros(moment)); }

inline void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out.append(text);
}

inline void put_fixed(std::string& out, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8)
        put_byte(out, static_cast<std::uint8_t>(number >> shift));
}

}  // namespace turnpike
