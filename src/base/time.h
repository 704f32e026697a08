#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

/// A moment in UTC, microseconds since 1970. Stored as BIGINT microseconds in both databases.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

/// A half-open span of time: `start` belongs to it, `end` does not.
struct Period {
    Instant start;
    Instant end;
    friend bool operator==(const Period&, const Period&) = default;
};
inline bool contains(const Period& period, Instant moment) {
    return period.start <= moment && moment < period.end;
}

inline Instant from_unix_seconds(std::int64_t seconds) {
    return Instant(std::chrono::seconds(seconds));
}
/// Rounds down.
inline std::int64_t unix_seconds(Instant moment) {
    return std::chrono::floor<std::chrono::seconds>(moment.time_since_epoch()).count();
}
inline Instant from_unix_micros(std::int64_t micros) { return Instant(Duration(micros)); }
inline std::int64_t unix_micros(Instant moment) { return moment.time_since_epoch().count(); }

/// RFC 3339 with a zone ("2024-09-15T00:00:00Z", offsets and up to 9 fraction digits accepted, cut
/// to microseconds). Years 1970-9999 in UTC. nullopt for everything else: leap seconds, 24:00, no
/// zone.
std::optional<Instant> parse_rfc3339(std::string_view text);
/// "2024-09-15T00:00:00Z", with ".123456" only when there is a fraction.
std::string format_rfc3339(Instant moment);

/// Where services and jobs get "now"; pure code takes an Instant. Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override;
};

/// Moves only when told. Thread-safe.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Instant start) : now_(unix_micros(start)) {}
    [[nodiscard]] Instant now() const override { return from_unix_micros(now_.load()); }
    void set(Instant moment) { now_.store(unix_micros(moment)); }
    void advance(Duration by) { now_.fetch_add(by.count()); }

private:
    std::atomic<std::int64_t> now_;
};

}  // namespace turnpike
