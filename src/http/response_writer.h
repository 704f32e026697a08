#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace turnpike::http {

/// Headers of every answer that does not say the same itself. Of some names (a policy for browsers)
/// two would both hold, or neither.
class DefaultHeaders {
public:
    explicit DefaultHeaders(Headers headers);
    /// Those that `own` does not name.
    void append_to(std::string& out, const Headers& own) const;

private:
    Headers headers_;
    std::string lines_;  ///< all of them, ready to be sent
};

/// What the connection knows about an answer and the handler does not.
struct Envelope {
    enum class Persistence : std::uint8_t {
        KeepAlive,    ///< HTTP/1.1's default: nothing to say
        KeepAlive10,  ///< an HTTP/1.0 client asked for it and wants to hear so
        Close,
    };
    enum class Body : std::uint8_t { Send, Omit };  ///< Omit: the answer to HEAD

    std::string_view common;  ///< whole header lines for every answer: Server, Date
    const DefaultHeaders& defaults;
    std::string_view request_id;  ///< may be empty
    Persistence persistence = Persistence::KeepAlive;
    Body body = Body::Send;
};

/// False when a header of `response` holds a byte that would end its line.
bool is_writable(const Response& response);

/// Appends the whole answer to `out`. Content-Length, Connection, Date, Server and X-Request-Id are
/// ours: a handler's own are left out. `response` is writable.
void append_response(std::string& out, const Response& response, const Envelope& envelope);

}  // namespace turnpike::http
