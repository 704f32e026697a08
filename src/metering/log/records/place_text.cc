#include "metering/log/records/place_text.h"

namespace turnpike {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

void put_place(std::string& text, std::uint64_t number) {
    std::string digits(kPlaceDigits, '0');
    for (auto i = kPlaceDigits; i-- > 0; number >>= 5) digits[i] = kDigits[number & 31];
    text += digits;
}

std::uint64_t place_from(std::string_view digits) {
    std::uint64_t number = 0;
    for (const char digit : digits) number = number << 5 | kDigits.find(digit);
    return number;
}

ReservationId reservation_id_of(std::uint64_t arrival) {
    std::string text = std::string(ReservationId::kPrefix) + "_";
    put_place(text, arrival);
    put_place(text, 0);
    return ReservationId::trusted(std::move(text));
}

std::optional<std::uint64_t> arrival_of(std::string_view reservation_id) {
    if (!ReservationId::parse(reservation_id)) return std::nullopt;
    reservation_id.remove_prefix(ReservationId::kPrefix.size() + 1);
    const std::uint64_t arrival = place_from(reservation_id.substr(0, kPlaceDigits));
    if (reservation_id_of(arrival).text().substr(4) != reservation_id) return std::nullopt;
    return arrival;
}

}  // namespace turnpike
