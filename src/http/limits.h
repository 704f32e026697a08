#pragma once

#include <chrono>
#include <cstddef>

namespace turnpike::http {

/// What one connection may cost us. Every value is a refusal, written down in docs/api.
inline constexpr std::size_t kTargetBytesMax = std::size_t{8} << 10;      ///< 414 above
inline constexpr std::size_t kHeaderBytesMax = std::size_t{16} << 10;     ///< 431 above
inline constexpr std::size_t kHeaderFieldsMax = 100;                      ///< 431 above
inline constexpr std::size_t kBodyBytesMax = std::size_t{1} << 20;        ///< 413 above
inline constexpr std::size_t kEventsBodyBytesMax = std::size_t{8} << 20;  ///< 413 above, /v1/events
/// NDJSON for /v1/events, after the client has said who it is; 413 above. About a million events
/// once compressed.
inline constexpr std::size_t kLinesBodyBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kLargeBodiesMax = 8;  ///< such bodies at a time; 503 above
inline constexpr std::chrono::seconds kHeadTimeout{10};
inline constexpr std::chrono::seconds kBodyTimeout{30};
/// After the grace, a body must have come at this rate on average; 408 otherwise.
inline constexpr std::chrono::seconds kBodyGrace{5};
inline constexpr std::size_t kBodyBytesPerSecond = 1024;
inline constexpr std::chrono::seconds kIdleTimeout{60};
inline constexpr std::chrono::seconds kWriteTimeout{30};
inline constexpr std::chrono::seconds kHandlerDeadline{30};
/// What is still read, and dropped, of a request that was refused while its client was sending:
/// many clients look for the answer only when all is sent. Over any body that is sent by mistake,
/// and bounded, as nothing of it is kept.
inline constexpr std::size_t kLingerBytesMax = std::size_t{64} << 20;
inline constexpr std::chrono::seconds kLingerTimeout{10};
inline constexpr std::size_t kConnectionsMax = 20'000;  ///< per process; above it accept waits

}  // namespace turnpike::http
