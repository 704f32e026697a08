#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace turnpike {

/// The symmetric secret of one endpoint that we send to (Standard Webhooks 1.0.0): "whsec_" and the
/// base64 of 24 to 64 bytes.
class EndpointSecret {
public:
    /// \param bytes  24 to 64 of them, from crypto's random_bytes
    static EndpointSecret of_bytes(std::string bytes);
    /// Errors: InvalidArgument "webhook.bad_endpoint_secret".
    static Result<EndpointSecret> parse(std::string_view text);

    /// "whsec_..."; shown once.
    [[nodiscard]] std::string text() const;
    /// The "v1,..." of a message: HMAC-SHA256 over "id.seconds.body".
    [[nodiscard]] std::string sign(std::string_view id, Instant at, std::string_view body) const;

private:
    explicit EndpointSecret(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string bytes_;
};

}  // namespace turnpike
