#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "payments/checkout.h"

namespace turnpike {

/// Creating: the provider has not confirmed the page yet. Failed: there is none. The last three
/// never change again.
enum class CheckoutStatus : std::uint8_t { Creating, Open, Complete, Expired, Failed };
std::string_view to_text(CheckoutStatus status);  ///< "open"
std::optional<CheckoutStatus> parse_checkout_status(std::string_view text);

/// In success_url and cancel_url: gives way to the session's id.
inline constexpr std::string_view kSessionIdMark = "{CHECKOUT_SESSION_ID}";
std::string with_session_id(std::string url, std::string_view id);

/// A page at a provider where one customer subscribes to one price.
struct CheckoutSession {
    CheckoutId id;
    CustomerId customer;
    SubscriptionId subscription;  ///< what it will be called; there is none before it is paid
    PlanVersionId plan_version;
    PriceId price;
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
    std::string success_url, cancel_url;  ///< checked; with their marks
    bool is_anonymous = false;            ///< nobody with a credential has asked for it
    std::string provider;
    std::optional<std::string> provider_session_id{};
    std::optional<std::string> url{};  ///< while it is open
    CheckoutStatus status = CheckoutStatus::Creating;
    Instant expires_at;
    Instant created_at;

    [[nodiscard]] bool may_be_paid() const {
        return status == CheckoutStatus::Creating || status == CheckoutStatus::Open;
    }
};

}  // namespace turnpike
