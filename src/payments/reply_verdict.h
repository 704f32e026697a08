#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/client.h"
#include "json/json.h"

namespace turnpike {

enum class Finality : std::uint8_t {
    Succeeded,  ///< 2xx with the provider's JSON
    Refused,    ///< an error object that asking again would only repeat
    Again,      ///< not final; ask again
    NotNow,     ///< not final, and asking again at once is useless
};

/// What one answer (or its absence) means. Each provider has a pure function from answers to
/// verdicts (`judge`), so that its rules can be read and tested as a table.
struct ReplyVerdict {
    Finality finality = Finality::Again;
    bool may_have_happened = false;  ///< of Again and NotNow: the request may have been executed
    bool peer_is_failing = false;    ///< counts against the circuit breaker
    std::string note{};              ///< for people, redacted
    std::optional<std::chrono::milliseconds> retry_after{};
};

/// What is peculiar to one provider's answers.
struct ReplyRules {
    std::string_view provider;      ///< for people: "Stripe"
    const char* message = nullptr;  ///< what its error object calls the text for people
    /// Whether a 2xx body is an answer, and not what a proxy or half an answer left.
    bool (*is_answer)(const Json& body) = nullptr;
    /// Of a status that is not 2xx; `error` is the error object, when the body is the provider's.
    ReplyVerdict (*judge_status)(int status, const std::optional<Json>& error) = nullptr;
};
/// Silence may have happened when it was sent; of a success that cannot be read nobody knows. The
/// rest is the provider's word, with a note for people and its Retry-After.
ReplyVerdict judge_reply(const Result<http::Reply>& reply, const ReplyRules& rules);

/// The "error" member of a body; nullopt when the body is not the provider's.
std::optional<Json> error_object_in(const std::string& body);
/// A text member; "" when there is none.
std::string text_member(const Json& object, const char* name);
/// The Retry-After header in whole seconds, at most a day; nullopt for any other.
std::optional<std::chrono::milliseconds> retry_after_in(const http::Headers& headers);

}  // namespace turnpike
