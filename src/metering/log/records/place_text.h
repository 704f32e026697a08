#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metering/reservation.h"

namespace turnpike {

// A place in the log as a part of an id: 13 characters of Crockford base32 for a number.
inline constexpr std::size_t kPlaceDigits = 13;
void put_place(std::string& text, std::uint64_t number);
std::uint64_t place_from(std::string_view digits);

/// A reservation's id is the number of the arrival that opened it, which opened nothing else.
ReservationId reservation_id_of(std::uint64_t arrival);
/// nullopt for ids that are nobody's.
std::optional<std::uint64_t> arrival_of(std::string_view reservation_id);

}  // namespace turnpike
