#pragma once

#include <optional>

#include "http/message.h"
#include "http/router.h"
#include "sandbox/razorpay/refusal.h"

namespace turnpike::twin::razorpay {

/// Operations that Razorpay has and this sandbox has not: those of its Node library.
class MissingOperations {
public:
    MissingOperations();
    /// The refusal that names the operation; nullopt when it is none of these.
    [[nodiscard]] std::optional<Refusal> refusal_of(const http::Request& request) const;

private:
    http::Router router_;
};

}  // namespace turnpike::twin::razorpay
