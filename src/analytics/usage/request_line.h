#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

/// One request, as a gateway's access log tells of it.
struct RequestLine {
    std::string method;
    std::string target;    ///< as the client sent it: "/signals?limit=3"
    std::string customer;  ///< id; "": the gateway knows of none
    int status = 0;        ///< 100 to 599
    Duration latency{};    ///< from its first byte to the answer's last; cut to microseconds
};

/// Reads one datagram: what stands before the first brace is syslog's, the rest one JSON object.
///
///     nginx  {"method": .., "uri": .., "customer": .., "status": .., "seconds": ..}, as
///            deploy/gateway/nginx.conf has it
///     Caddy  its own format: {"request": {"method": .., "uri": ..}, "user_id": .., "status": ..,
///            "duration": ..}
///
/// Other members are passed over. nullopt when it is neither, or says too little. Any bytes are
/// safe.
std::optional<RequestLine> read_request_line(std::string_view datagram);

}  // namespace turnpike
