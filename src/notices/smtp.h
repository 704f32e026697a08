#pragma once

#include <memory>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/error.h"
#include "crypto/secret.h"

namespace turnpike {

namespace asio = boost::asio;

struct SmtpConfig {
    /// smtps://HOST[:PORT] for TLS from the start; smtp://HOST[:PORT] begins plainly and must
    /// become TLS (STARTTLS) before anything is said, except on this machine.
    std::string url;
    std::string user;  ///< "" when the server asks for none
    Secret password;
    std::string from;    ///< the address that letters come from
    std::string seller;  ///< the name beside it
};

/// Errors: InvalidArgument "notices.bad_smtp_url".
Result<std::monostate> check_smtp_url(const std::string& url);

/// A mail server that takes our letters, on libcurl: certificates are verified, one letter a call.
/// Thread-safe.
class Smtp {
public:
    explicit Smtp(SmtpConfig config);
    /// After the letters under way.
    ~Smtp();
    Smtp(const Smtp&) = delete;
    Smtp& operator=(const Smtp&) = delete;

    [[nodiscard]] const SmtpConfig& config() const { return config_; }
    /// \param message  of RFC 5322, lines end with CRLF
    /// Errors: Unavailable "notices.not_sent": the server is away, or will take it later;
    ///         Unprocessable "notices.refused": it never will (5xx), or nothing was said to it
    ///         because the address would end before its own end.
    asio::awaitable<Result<std::monostate>> send(std::string to, std::string message);

private:
    asio::awaitable<Result<std::monostate>> perform(std::string to, std::string message) const;

    SmtpConfig config_;
    asio::thread_pool pool_;
};

}  // namespace turnpike
