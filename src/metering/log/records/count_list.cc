#include "metering/log/records/count_list.h"

#include <limits>

#include "metering/counter.h"

namespace turnpike {
namespace {

// In the lowest bits, before the counter.
constexpr std::uint64_t kValueIsTheFirst = 1;
constexpr std::uint64_t kIsUnique = 2;
constexpr int kCounterShift = 2;

}  // namespace

void put_hash(std::string& out, std::uint64_t hash) {
    for (int shift = 0; shift < 64; shift += 8)
        out.push_back(static_cast<char>(static_cast<std::uint8_t>(hash >> shift)));
}

std::uint64_t read_hash(NumberReader& in) {
    std::uint64_t hash = 0;
    int shift = 0;
    for (const char byte : in.text(sizeof hash)) {
        hash |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(byte)) << shift;
        shift += 8;
    }
    return hash;
}

void put_count(std::string& out, const EventCount& count, Quantity first_value) {
    const bool is_first = count.value == first_value;
    put_number(out, std::uint64_t{count.counter} << kCounterShift |
                        (is_first ? kValueIsTheFirst : 0) | (count.unique ? kIsUnique : 0));
    if (!is_first) put_signed(out, count.value.scaled());
    if (count.unique) put_hash(out, *count.unique);
}

std::optional<EventCount> CountReader::next() {
    if (is_bad() || in_.rest().empty()) return std::nullopt;
    const std::uint64_t flags = in_.number();
    const std::uint64_t counter = flags >> kCounterShift;
    EventCount count{static_cast<std::uint32_t>(counter), first_value_};
    if ((flags & kValueIsTheFirst) == 0) count.value = Quantity::from_scaled(in_.signed_number());
    if ((flags & kIsUnique) != 0) count.unique = read_hash(in_);
    if (counter > std::numeric_limits<std::uint32_t>::max()) is_bad_ = true;
    if (is_bad()) return std::nullopt;
    return count;
}

bool is_count_list(std::string_view counts, Quantity first_value) {
    CountReader reader(counts, first_value);
    std::size_t size = 0;
    while (reader.next()) ++size;
    return !reader.is_bad() && size >= 1 && size < kUsageCountsMax;
}

}  // namespace turnpike
