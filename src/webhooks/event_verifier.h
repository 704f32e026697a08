#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "http/message.h"
#include "webhooks/inbox.h"
#include "webhooks/signature.h"

namespace turnpike {

/// How one provider's webhooks are proven and read; what is done with them is the same for all.
/// Implementations: StripeEvents, RazorpayEvents. Thread-safe.
class EventVerifier {
public:
    virtual ~EventVerifier() = default;
    [[nodiscard]] virtual std::string_view provider() const = 0;  ///< "stripe"
    [[nodiscard]] virtual std::string_view header() const = 0;    ///< with the signature

    /// nullopt: the owner of one of our secrets has sent exactly these bytes.
    [[nodiscard]] virtual std::optional<SignatureFault> fault_of(const http::Request& request,
                                                                 Instant now) const = 0;
    /// Of a request without a fault.
    /// Errors: InvalidArgument "webhook.not_an_event"; "webhook.wrong_mode" and
    ///         "webhook.wrong_account" where the event tells whose it is.
    [[nodiscard]] virtual Result<NewInboxEvent> read(const http::Request& request) const = 0;
};

/// Text of 1 to 255 bytes in a member of the event; nullopt when there is none.
std::optional<std::string> name_in(const Json& event, const char* member);
std::unexpected<Error> not_an_event(std::string_view why);

}  // namespace turnpike
