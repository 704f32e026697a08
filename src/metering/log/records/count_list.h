#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "metering/log/records/leb128.h"

namespace turnpike {

/// What one event does to one counter.
struct EventCount {
    std::uint32_t counter = 0;
    Quantity value;
    std::optional<std::uint64_t> unique{};  ///< of a counter of different values: which one
    friend bool operator==(const EventCount&, const EventCount&) = default;
};

void put_hash(std::string& out, std::uint64_t hash);
std::uint64_t read_hash(NumberReader& in);

/// How the log writes what an event does beside its first count: the counter with two flags; the
/// value, unless it is the first one's; the hash, where there is one.
void put_count(std::string& out, const EventCount& count, Quantity first_value);

/// Reads such a list. Any bytes at all are safe.
class CountReader {
public:
    CountReader(std::string_view counts, Quantity first_value)
        : in_(counts), first_value_(first_value) {}
    /// nullopt at the end, and when the bytes are no count: then is_bad() says so.
    std::optional<EventCount> next();
    [[nodiscard]] bool is_bad() const { return is_bad_ || in_.is_bad(); }

private:
    NumberReader in_;
    Quantity first_value_;
    bool is_bad_ = false;
};

/// Whether that is what put_count() writes, for one count or more, up to an event's most.
bool is_count_list(std::string_view counts, Quantity first_value);

}  // namespace turnpike
