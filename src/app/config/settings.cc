#include "app/config/settings.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <variant>

#include <toml++/toml.h>

namespace turnpike {
namespace {

constexpr auto kSettings = std::to_array<Setting>({
    {"listen", "TURNPIKE_LISTEN", "listen", "127.0.0.1:8080", Secrecy::Public,
     "address and port to serve on"},
    {"data", "TURNPIKE_DATA", "data", "turnpike-data", Secrecy::Public,
     "directory for everything Turnpike keeps"},
    {"database", "TURNPIKE_DATABASE", "database", "", Secrecy::Secret,
     "ledger: sqlite:PATH or postgres://...; default: sqlite in the data directory"},
    {"secrets.key", "TURNPIKE_MASTER_KEY", "master-key", "", Secrecy::Secret,
     "master key for secrets in the ledger, 64 hexadecimal digits; more, comma-separated, while "
     "rotating: the first seals; default: master.key in the data directory"},
    {"secrets.key_file", "TURNPIKE_MASTER_KEY_FILE", "master-key-file", "", Secrecy::Public,
     "file with the master key, or several, one a line"},
    {"preset", "TURNPIKE_PRESET", "preset", "api-metering", Secrecy::Public,
     "published interfaces to serve: all, or some of api-metering, saas-orgs, learning-app and "
     "attribution with commas between"},
    {"catalog", "TURNPIKE_CATALOG", "catalog", "", Secrecy::Public,
     "catalog file (TOML) instead of the one preset's own"},
    {"threads", "TURNPIKE_THREADS", "threads", "0", Secrecy::Public,
     "HTTP threads; 0: one per core"},
    {"access_log", "TURNPIKE_ACCESS_LOG", "access-log", "", Secrecy::Public,
     "access log file; '-': standard output; 'off': none; default: access.log in the data "
     "directory"},
    {"gateway_log", "TURNPIKE_GATEWAY_LOG", "gateway-log", "", Secrecy::Public,
     "udp://HOST:PORT to take gateways' access logs on (docs/gateways.md); default: none"},
    {"requests_per_minute", "TURNPIKE_REQUESTS_PER_MINUTE", "requests-per-minute", "60000",
     Secrecy::Public, "of one API key or user; checks, usage, webhooks and payments do not count"},
    {"requests_in_flight", "TURNPIKE_REQUESTS_IN_FLIGHT", "requests-in-flight", "256",
     Secrecy::Public, "of one API key or user at a time; the same do not count"},
    {"trusted_proxies", "TURNPIKE_TRUSTED_PROXIES", "trusted-proxies", "", Secrecy::Public,
     "networks of the proxies in front, whose X-Forwarded-For says who asks: 127.0.0.1, "
     "10.0.0.0/8; default: none, and a caller is whoever connects"},
    {"log_level", "TURNPIKE_LOG_LEVEL", "log-level", "info", Secrecy::Public,
     "debug, info, warn or error"},
    {"public_url", "TURNPIKE_PUBLIC_URL", "public-url", "", Secrecy::Public,
     "how customers reach this server; default: http://LISTEN"},
    {"upgrade_url", "TURNPIKE_UPGRADE_URL", "upgrade-url", "", Secrecy::Public,
     "page where customers change their plan, for refusals (upgrade_url); default: none"},
    {"web.allowed_origins", "TURNPIKE_ALLOWED_ORIGINS", "allowed-origins", "", Secrecy::Public,
     "origins that checkout and portal may lead back to, comma-separated: https://app.example.com; "
     "'loopback': this machine; default: public_url's own"},
    {"attribution.checkout_needs_key", "TURNPIKE_CHECKOUT_NEEDS_KEY", "checkout-needs-key", "no",
     Secrecy::Public,
     "yes: POST /api/billing/create-checkout asks for a seller's key or an administrator's token; "
     "no: a receipt is enough"},
    {"pages.invitation", "TURNPIKE_INVITATION_URL", "invitation-url", "", Secrecy::Public,
     "page of yours that letters of invitations lead to, with {token} in it; default: they have "
     "the "
     "token itself"},
    {"pages.password_reset", "TURNPIKE_PASSWORD_RESET_URL", "password-reset-url", "",
     Secrecy::Public, "the same of letters by which a password is set"},
    {"seller.name", "TURNPIKE_SELLER_NAME", "seller-name", "", Secrecy::Public,
     "who sells, as invoices on paper name him"},
    {"seller.address", "TURNPIKE_SELLER_ADDRESS", "seller-address", "", Secrecy::Public,
     "his address, its lines separated by '|'"},
    {"seller.tax_id", "TURNPIKE_SELLER_TAX_ID", "seller-tax-id", "", Secrecy::Public,
     "his tax number, with its name: VAT DE123456789"},
    {"seller.email", "TURNPIKE_SELLER_EMAIL", "seller-email", "", Secrecy::Public,
     "where customers write to about invoices"},
    {"seller.note", "TURNPIKE_SELLER_NOTE", "seller-note", "", Secrecy::Public,
     "a paragraph at the end of each invoice"},
    {"auth.jwt_secret", "TURNPIKE_JWT_SECRET", "jwt-secret", "", Secrecy::Secret,
     "shared secret for HS256 tokens, at least 32 bytes"},
    {"auth.jwks_file", "TURNPIKE_JWKS_FILE", "jwks-file", "", Secrecy::Public,
     "JWKS file for RS256, ES256 and EdDSA tokens"},
    {"auth.issuer", "TURNPIKE_JWT_ISSUER", "jwt-issuer", "", Secrecy::Public,
     "required issuer of tokens; default: any"},
    {"auth.audience", "TURNPIKE_JWT_AUDIENCE", "jwt-audience", "", Secrecy::Public,
     "required audience of tokens; default: any"},
    {"people.sign_up", "TURNPIKE_SIGN_UP", "sign-up", "open", Secrecy::Public,
     "who may sign up with a password: open (everybody) or invited (with an invitation's token)"},
    {"webhooks.allow_private", "TURNPIKE_WEBHOOKS_ALLOW_PRIVATE", "webhooks-allow-private", "",
     Secrecy::Public,
     "networks that our webhooks may reach though they are not public: 10.1.0.0/16, fd00::/8; "
     "default: none"},
    {"billing.grace_days", "TURNPIKE_GRACE_DAYS", "grace-days", "7", Secrecy::Public,
     "days for which a plan is given on when its renewal was not paid"},
    {"billing.late_after_seconds", "TURNPIKE_LATE_AFTER_SECONDS", "late-after-seconds", "900",
     Secrecy::Public, "how late a due action may be before /readyz is red and the monitor says so"},
    {"smtp.url", "TURNPIKE_SMTP_URL", "smtp-url", "", Secrecy::Public,
     "mail server for letters: smtps://HOST or smtp://HOST:587; default: none are sent"},
    {"smtp.user", "TURNPIKE_SMTP_USER", "smtp-user", "", Secrecy::Public,
     "its user; default: it asks for none"},
    {"smtp.password", "TURNPIKE_SMTP_PASSWORD", "smtp-password", "", Secrecy::Secret,
     "the user's password"},
    {"smtp.from", "TURNPIKE_SMTP_FROM", "smtp-from", "", Secrecy::Public,
     "address that letters come from"},
    {"stripe.secret_key", "STRIPE_SECRET_KEY", "stripe-secret-key", "", Secrecy::Secret,
     "Stripe secret key; beside Razorpay or instead of it"},
    {"stripe.publishable_key", "STRIPE_PUBLISHABLE_KEY", "stripe-publishable-key", "",
     Secrecy::Public, "Stripe publishable key, for pages that take cards"},
    {"stripe.webhook_secret", "STRIPE_WEBHOOK_SECRET", "stripe-webhook-secret", "", Secrecy::Secret,
     "signing secret of the webhook endpoint; two, comma-separated, while rolling"},
    {"stripe.api_base", "STRIPE_API_BASE", "stripe-api-base", "https://api.stripe.com",
     Secrecy::Public, "Stripe's address, or a sandbox's"},
    {"stripe.starter_price_id", "STRIPE_STARTER_PRICE_ID", "stripe-starter-price-id", "",
     Secrecy::Public, "Stripe price of STARTER; default: made on first use"},
    {"stripe.pro_price_id", "STRIPE_PRO_PRICE_ID", "stripe-pro-price-id", "", Secrecy::Public,
     "Stripe price of PRO; default: made on first use"},
    {"stripe.enterprise_price_id", "STRIPE_ENTERPRISE_PRICE_ID", "stripe-enterprise-price-id", "",
     Secrecy::Public, "Stripe price of ENTERPRISE; default: made on first use"},
    {"razorpay.key_id", "RAZORPAY_KEY_ID", "razorpay-key-id", "", Secrecy::Public,
     "Razorpay key id; beside Stripe or instead of it"},
    {"razorpay.key_secret", "RAZORPAY_KEY_SECRET", "razorpay-key-secret", "", Secrecy::Secret,
     "Razorpay key secret"},
    {"razorpay.webhook_secret", "RAZORPAY_WEBHOOK_SECRET", "razorpay-webhook-secret", "",
     Secrecy::Secret, "secret of the Razorpay webhook; two, comma-separated, while rotating"},
    {"razorpay.account_id", "RAZORPAY_ACCOUNT_ID", "razorpay-account-id", "", Secrecy::Public,
     "refuse webhooks of other Razorpay accounts; default: not looked at"},
    {"razorpay.api_base", "RAZORPAY_API_BASE", "razorpay-api-base", "https://api.razorpay.com",
     Secrecy::Public, "Razorpay's address, or a sandbox's"},
    {"stripe.premium_price_id", "STRIPE_PREMIUM_PRICE_ID", "stripe-premium-price-id", "",
     Secrecy::Public, "Stripe price of learning-app's Premium; default: made on first use"},
    {"stripe.plus_price_id", "STRIPE_PLUS_PRICE_ID", "stripe-plus-price-id", "", Secrecy::Public,
     "Stripe price of learning-app's Plus; default: made on first use"},
    {"stripe.price_pro", "STRIPE_PRICE_PRO", "stripe-price-pro", "", Secrecy::Public,
     "Stripe price of attribution's Pro; default: made on first use"},
    {"stripe.price_scale", "STRIPE_PRICE_SCALE", "stripe-price-scale", "", Secrecy::Public,
     "Stripe price of attribution's Scale; default: made on first use"},
});

std::string at(const std::string& file, const toml::source_region& where) {
    if (where.begin.line == 0) return file;  // It could not be opened.
    return file + ":" + std::to_string(where.begin.line);
}

std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    return std::nullopt;
}

/// Flattens tables to "stripe.secret_key" and refuses what is not a setting.
Result<std::monostate> read_table(const toml::table& table, const std::string& prefix,
                                  const std::string& file, SettingValues& values) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        const std::string origin = at(file, node.source());
        if (const auto* nested = node.as_table()) {
            const auto read = read_table(*nested, key + ".", file, values);
            if (!read) return failure(read);
            continue;
        }
        if (std::ranges::find(kSettings, key, &Setting::key) == kSettings.end())
            return invalid_argument("config.file", origin + ": there is no setting '" + key + "'");
        auto text = text_of(node);
        if (!text)
            return invalid_argument("config.file",
                                    origin + ": '" + key + "' must be text or a whole number");
        values[key] = {*std::move(text), SettingSource::File, origin};
    }
    return std::monostate{};
}

Result<SettingValues> read_file(const std::string& file) {
    SettingValues values;
    if (file.empty()) return values;
    // It would read as nothing. What cannot be looked at cannot be parsed either, and says why.
    std::error_code unknown;
    if (std::filesystem::is_directory(file, unknown))
        return invalid_argument("config.file", file + " is a directory, not a settings file");
    try {
        const auto table = toml::parse_file(file);
        const auto read = read_table(table, "", file, values);
        if (!read) return failure(read);
    } catch (const toml::parse_error& error) {
        return invalid_argument("config.file",
                                at(file, error.source()) + ": " + std::string(error.description()));
    }
    return values;
}

}  // namespace

std::span<const Setting> all_settings() { return kSettings; }

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): at start
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    };
}

Result<SettingValues> resolve_settings(const std::map<std::string, std::string>& flags,
                                       const Environment& environment, const std::string& file) {
    auto values = read_file(file);
    if (!values) return failure(values);
    for (const auto& setting : kSettings) {
        const std::string key(setting.key);
        if (const auto flag = flags.find(key); flag != flags.end()) {
            (*values)[key] = {flag->second, SettingSource::Flag, "--" + std::string(setting.flag)};
        } else if (auto given = environment(std::string(setting.environment)); given) {
            (*values)[key] = {*std::move(given), SettingSource::Environment,
                              std::string(setting.environment)};
        } else if (!values->contains(key)) {
            (*values)[key] = {std::string(setting.fallback), SettingSource::Default, "default"};
        }
    }
    return values;
}

}  // namespace turnpike
