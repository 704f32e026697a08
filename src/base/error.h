#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnpike {

/// How a caller reacts. A new code exists only when some caller would react differently.
enum class ErrorCode : std::uint8_t {
    InvalidArgument,  ///< 400: the input is wrong; `Error::fields` may say where
    Unauthenticated,  ///< 401: no valid credential
    PaymentRequired,  ///< 402: a card was declined, or a limit asks for an upgrade
    Forbidden,        ///< 403: a valid credential without the right
    NotFound,         ///< 404: absent, or somebody else's
    Conflict,         ///< 409: the state does not allow it
    Unprocessable,    ///< 422: well formed, but cannot be meant
    TooLarge,         ///< 413: over a stated size limit
    LimitExceeded,    ///< 429: too many requests
    Unavailable,      ///< 503: nothing happened; try again later
    OutcomeUnknown,   ///< 503: something may have happened; the server finds out and repairs
};

/// The stable, dotted identity of an error ("subscription.not_found"). Clients match on it, so it
/// never changes; every literal is unique and listed in docs/api/errors.md. Only literals compile.
class Reason {
public:
    consteval Reason(const char* literal) : text_(literal) {}
    [[nodiscard]] std::string_view text() const { return text_; }
    friend bool operator==(Reason, Reason) = default;

private:
    std::string_view text_;
};

/// One complaint about one input field. `pointer` is a JSON pointer or a parameter name.
struct FieldError {
    std::string pointer;
    std::string code;  ///< "required", "unknown_field", "wrong_type", "out_of_range", ...
    std::string detail;
};

struct Error {
    ErrorCode code;
    Reason reason;
    std::string message;  ///< one sentence for a person; never holds a secret
    std::vector<FieldError> fields{};
    /// Further members of the problem body, e.g. {"decline_code", "generic_decline"}.
    std::vector<std::pair<std::string, std::string>> details{};
    std::optional<int> retry_after_s{};
};

/// std::expected, but ignoring one is a compiler error (libstdc++ 12's is not [[nodiscard]]).
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

/// Passes the error of any failed Result on: `if (!plan) return failure(plan);`
template <class T>
std::unexpected<Error> failure(const Result<T>& failed) {
    return std::unexpected(failed.error());
}
template <class T>
std::unexpected<Error> failure(Result<T>&& failed) {
    return std::unexpected(std::move(failed).error());
}

inline std::unexpected<Error> fail(ErrorCode code, Reason reason, std::string message) {
    return std::unexpected(Error{code, reason, std::move(message)});
}
inline std::unexpected<Error> invalid_argument(Reason reason, std::string message) {
    return fail(ErrorCode::InvalidArgument, reason, std::move(message));
}
inline std::unexpected<Error> not_found(Reason reason, std::string message) {
    return fail(ErrorCode::NotFound, reason, std::move(message));
}
inline std::unexpected<Error> conflict(Reason reason, std::string message) {
    return fail(ErrorCode::Conflict, reason, std::move(message));
}
inline std::unexpected<Error> unavailable(Reason reason, std::string message) {
    return fail(ErrorCode::Unavailable, reason, std::move(message));
}

}  // namespace turnpike
