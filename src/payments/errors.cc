#include "payments/errors.h"

namespace turnpike {
namespace {

constexpr int kRetryDownSeconds = 5;
constexpr int kRetryUnknownSeconds = 30;

std::string sentence(std::string_view provider, std::string_view what, std::string_view why) {
    std::string text(provider);
    text += what;
    if (!why.empty()) text.append(": ").append(why);
    return text;
}

}  // namespace

std::unexpected<Error> provider_down(std::string_view provider, std::string_view why,
                                     std::optional<int> retry_after_s) {
    auto error = unavailable("payment.provider_down",
                             sentence(provider, " cannot be reached; nothing happened", why));
    error.error().retry_after_s = retry_after_s.value_or(kRetryDownSeconds);
    return error;
}

std::unexpected<Error> outcome_unknown(std::string_view provider, std::string_view why,
                                       std::optional<int> retry_after_s) {
    auto error = fail(ErrorCode::OutcomeUnknown, "payment.outcome_unknown",
                      sentence(provider, " did not confirm; it may have happened", why));
    error.error().retry_after_s = retry_after_s.value_or(kRetryUnknownSeconds);
    return error;
}

bool may_succeed_later(const Error& error) {
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::OutcomeUnknown;
}

}  // namespace turnpike
