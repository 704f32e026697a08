#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/money.h"
#include "base/time.h"

/// Money that goes back, in the port's words (provider.h says what an obligation is and which
/// errors there are).
namespace turnpike {

/// What a payment was for; absent where the provider does not say, or where a list was asked.
struct PaidFor {
    std::optional<std::string> customer{};  ///< provider's ids
    std::optional<std::string> invoice{};
};

struct ProviderRefund {
    std::string id;
    std::string payment;  ///< what create_refund has named, or what the provider calls it
    Money amount{0, Currency::Usd};
    std::string status;  ///< pending, succeeded, failed, canceled
    std::optional<std::string> reason{}, failure_reason{};
    Instant created;
    std::map<std::string, std::string> metadata{};
    PaidFor paid_for{};
};

struct ProviderDispute {
    std::string id;
    std::string payment;
    Money amount{0, Currency::Usd};
    /// inquiry, needs_response, under_review, won, lost, closed (nothing was taken)
    std::string status;
    std::string reason;  ///< the provider's word: "fraudulent"
    Instant created;
    std::optional<Instant> respond_by{};
    PaidFor paid_for{};
};

/// One of the payments that an invoice was paid with.
struct ProviderPayment {
    std::string id;
    Money left{0, Currency::Usd};  ///< paid and not refunded
};

struct NewRefund {
    std::string obligation;
    std::string payment;  ///< provider's id
    Money amount{0, Currency::Usd};
    std::optional<std::string> reason{};  ///< duplicate, fraudulent, requested_by_customer
    std::map<std::string, std::string> metadata{};
};

/// Which refunds are listed: of one payment, or those made since.
struct RefundQuery {
    std::optional<std::string> payment{};
    std::optional<Instant> since{};
};

}  // namespace turnpike
