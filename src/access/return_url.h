#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace turnpike {

/// A page that people's browsers may be sent back to. Only AllowedOrigins makes one, so that
/// nothing leads anywhere that was not checked.
class ReturnUrl {
public:
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    friend class AllowedOrigins;
    explicit ReturnUrl(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

/// Longer ones are refused.
inline constexpr std::size_t kReturnUrlBytesMax = 2'048;
/// In a list of origins: every port of localhost, 127.0.0.1 and [::1]; for trials on one machine.
inline constexpr std::string_view kAnyLoopback = "loopback";

/// The origins that browsers are sent back to from pages of a provider: scheme, host and port, each
/// compared as a whole. Immutable, so thread-safe.
class AllowedOrigins {
public:
    /// \param own     the server's public URL, always allowed as it is
    /// \param others  "https://app.example.com", "http://localhost:3000", or kAnyLoopback
    /// Errors: InvalidArgument "config.invalid" for the first of `others` that is no origin: one
    ///         with a path, a query or a user, or http beyond this machine.
    static Result<AllowedOrigins> create(const std::string& own,
                                         const std::vector<std::string>& others);

    /// The server's public URL: where to lead back to when nobody says.
    [[nodiscard]] ReturnUrl own() const { return ReturnUrl(own_); }

    /// \param field  what the caller calls it, for the complaint
    /// Errors: Unprocessable "billing.bad_return_url" for what a browser and we might read
    ///         differently; "billing.return_url_not_allowed" for another origin.
    [[nodiscard]] Result<ReturnUrl> check(const std::string& url, std::string_view field) const;

private:
    explicit AllowedOrigins(std::string own) : own_(std::move(own)) {}

    std::string own_;
    std::vector<std::string> origins_;  ///< "https://app.example.com:443"
    bool any_loopback_ = false;
};

}  // namespace turnpike
