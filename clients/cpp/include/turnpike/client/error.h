#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace turnpike::client {

/// What is wrong with one member of a request.
struct FieldError {
    std::string pointer;  ///< JSON pointer into the body, or the query parameter's name
    std::string code;
    std::string detail;
};

/// A refusal of the server's, application/problem+json (RFC 9457; docs/api/errors.md lists `code`).
struct Problem {
    int status = 0;
    std::string type, title, detail, instance;
    std::string code;  ///< stable: decide by this
    std::string request_id;
    std::vector<FieldError> errors;
    std::string json;  ///< all of it as it was sent, with the members that belong to `code`
};

/// What the caller can do about it.
enum class ErrorKind : std::uint8_t {
    Invalid,      ///< not sent: an argument cannot be right; mend it
    Refused,      ///< the server refused, and would again; mend the request
    Unavailable,  ///< no answer that settles it; it may have happened. Again later, with the same
                  ///< ids
    QueueFull,    ///< the recorder holds as many events as it may; not handed over
    Closed,       ///< the recorder was closed; not handed over
};

struct Error {
    ErrorKind kind = ErrorKind::Invalid;
    /// The problem's code, or one of ours: client.invalid_argument, client.invalid_event,
    /// client.not_connected, client.timed_out, client.connection_lost, client.canceled,
    /// client.unexpected_answer, client.queue_full, client.closed, client.not_sent.
    std::string code;
    std::string message;                              ///< for people and logs
    std::optional<Problem> problem;                   ///< when the server said what is wrong
    std::optional<std::chrono::seconds> retry_after;  ///< when the server said when to come again
    /// Of a failed record(), consume() or reserve(): the ids that its events were sent with, in
    /// their order. A second call with these ids, and otherwise the same content, counts and holds
    /// nothing twice.
    std::vector<std::string> event_ids;
};

}  // namespace turnpike::client
