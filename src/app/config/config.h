#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/config/settings.h"
#include "base/error.h"
#include "crypto/secret.h"
#include "http/address_guard.h"
#include "invoicing/seller.h"
#include "notices/smtp.h"
#include "people/auth_api.h"

namespace turnpike {

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

/// A price that the seller has made at the provider, to sell a plan under.
struct ConfiguredPrice {
    std::string setting;  ///< "stripe.pro_price_id"
    std::string preset;   ///< whose catalog has the plan
    std::string plan;     ///< key
    std::string price;    ///< the provider's id
};

/// The settings, checked and typed. A Config read for ConfigNeeds::Server can be served.
struct Config {
    std::string host;
    std::uint16_t port = 0;
    std::string data_dir;
    std::string database_url;
    Secret master_keys;           ///< as read_master_keys takes them; empty: none given
    std::string master_key_file;  ///< "": none given
    std::vector<std::string>
        presets;               ///< published interfaces to serve, in this order; at least one
    std::string catalog_file;  ///< "": the presets' own; one preset otherwise
    std::size_t threads = 1;
    std::int64_t requests_per_minute = 60'000;
    std::size_t requests_in_flight = 256;
    http::Networks trusted_proxies;        ///< whose X-Forwarded-For counts
    bool checkout_needs_key = false;       ///< attribution.checkout_needs_key
    std::string access_log;                ///< "-", "off" or a path
    std::chrono::days grace{7};            ///< billing.grace_days
    std::chrono::seconds late_after{900};  ///< billing.late_after_seconds
    std::optional<HostPort> gateway_log;   ///< where access logs come by UDP; absent: nowhere
    std::string log_level;
    std::string public_url;   ///< without a slash at the end
    std::string upgrade_url;  ///< "": refusals name no page
    LetterPages letter_pages;
    SignUps sign_ups = SignUps::Open;
    std::vector<std::string> allowed_origins;  ///< beside public_url's (access/return_url.h)
    Seller seller;                             ///< as papers name him
    std::string jwt_secret, jwks_file, jwt_issuer, jwt_audience;
    http::Networks webhook_networks;  ///< opened to outbound webhooks
    std::optional<SmtpConfig> smtp;   ///< absent: no letters are sent
    std::string stripe_secret_key, stripe_publishable_key, stripe_api_base;
    std::vector<std::string> stripe_webhook_secrets;
    std::string razorpay_key_id, razorpay_key_secret, razorpay_api_base;
    std::string razorpay_account_id;  ///< "": webhooks of any account of the secret
    std::vector<std::string> razorpay_webhook_secrets;

    [[nodiscard]] bool has_stripe() const { return !stripe_secret_key.empty(); }
    [[nodiscard]] bool has_razorpay() const { return !razorpay_key_id.empty(); }
    std::vector<ConfiguredPrice> stripe_prices;
};

/// What is wrong with a setting and how to mend it; for `doctor` and for the one line at start.
struct ConfigProblem {
    std::string key;
    std::string problem;
    std::string remedy;
};

/// What a command works with. Ledger: no provider and no caller, so that neither needs to be
/// configured, or to be right.
enum class ConfigNeeds : std::uint8_t { Ledger, Server };

/// Every problem, not only the first.
std::vector<ConfigProblem> check_settings(const SettingValues& values,
                                          ConfigNeeds needs = ConfigNeeds::Server);
/// Errors: InvalidArgument "config.invalid": the first problem with its remedy, in one line.
Result<Config> read_config(const SettingValues& values, ConfigNeeds needs = ConfigNeeds::Server);

/// "127.0.0.1:8080", "[::1]:0", ":8080" (all addresses).
std::optional<HostPort> parse_host_port(const std::string& text);
/// "udp://127.0.0.1:5140"; "udp://:5140" is this machine only.
std::optional<HostPort> parse_udp_url(const std::string& text);
/// The value of a flag that is no setting, such as --sandbox-listen.
/// Errors: InvalidArgument "config.invalid", naming the flag.
Result<HostPort> read_host_port(const std::string& flag, const std::string& text,
                                const std::string& example);

}  // namespace turnpike
