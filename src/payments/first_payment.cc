#include "payments/first_payment.h"

namespace turnpike {

std::optional<Duration> first_payment_within(std::string_view provider) {
    if (provider == "stripe") return std::chrono::hours(23);
    return std::nullopt;
}

}  // namespace turnpike
