#include "http/thread_context.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "crypto/crypto.h"
#include "http/connection.h"

namespace turnpike::http {
namespace {

constexpr std::chrono::milliseconds kLongestTick{1'000};
constexpr std::chrono::milliseconds kShortestTick{5};

std::uint64_t random_seed() {
    const std::string bytes = random_bytes(sizeof(std::uint64_t));
    std::uint64_t seed = 0;
    std::memcpy(&seed, bytes.data(), sizeof seed);
    return seed;
}

/// A quarter of the shortest time-out, within reason.
std::chrono::milliseconds tick_period_for(const Timeouts& timeouts) {
    const auto shortest = std::min({timeouts.head, timeouts.body, timeouts.body_grace,
                                    timeouts.idle, timeouts.write, timeouts.handler});
    return std::clamp(shortest / 4, kShortestTick, kLongestTick);
}

/// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(Instant moment) {
    using namespace std::chrono;
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(moment);
    const year_month_day date(day);
    const hh_mm_ss time(floor<seconds>(moment - day));
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                       unsigned{date.day()}, kMonths[unsigned{date.month()} - 1], int{date.year()},
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace

ThreadContext::ThreadContext(const ServerConfig& server_config, const Dispatch& server_dispatch,
                             ServerCounts& server_counts)
    : config(server_config),
      dispatch(server_dispatch),
      counts(server_counts),
      tick_period(tick_period_for(server_config.timeouts)),
      defaults(server_config.default_headers),
      ids(random_seed()) {
    tick();
}

void ThreadContext::tick() {
    now = std::chrono::steady_clock::now();
    common_lines =
        fmt::format("Server: {}\r\nDate: {}\r\n", config.server_name, http_date(clock.now()));
}

void ThreadContext::flush_soon(Connection& connection) {
    unflushed.push_back(&connection);
    if (unflushed.size() > 1) return;
    asio::post(io, [this] {
        for (Connection* const waiting : unflushed) waiting->flush_early();
        unflushed.clear();
    });
}

}  // namespace turnpike::http
