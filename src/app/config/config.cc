#include "app/config/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <thread>

#include "access/return_url.h"
#include "base/mail_address.h"
#include "catalog/preset.h"
#include "crypto/secret_box.h"
#include "payments/razorpay/client.h"
#include "payments/stripe/client.h"
#include "webhooks/signature.h"

namespace turnpike {
namespace {

constexpr std::size_t kJwtSecretBytesMin = 32;
constexpr std::size_t kThreadsMax = 256;

struct PriceSetting {
    const char* setting;
    const char* preset;
    const char* plan;
};
constexpr auto kPriceSettings = std::to_array<PriceSetting>({
    {"stripe.enterprise_price_id", "api-metering", "enterprise"},
    {"stripe.pro_price_id", "api-metering", "pro"},
    {"stripe.starter_price_id", "api-metering", "starter"},
    {"stripe.premium_price_id", "learning-app", "premium"},
    {"stripe.plus_price_id", "learning-app", "plus"},
    {"stripe.price_pro", "attribution", "pro"},
    {"stripe.price_scale", "attribution", "scale"},
});
constexpr std::size_t kGraceDaysMax = 90;
constexpr std::size_t kLateAfterMax = 86'400;
constexpr std::size_t kRequestsMax = 1'000'000'000;

std::optional<std::size_t> parse_count(const std::string& text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= text.size();) {
        const auto behind = std::min(text.find(separator, start), text.size());
        const auto part = text.substr(start, behind - start);
        if (!part.empty()) parts.push_back(part);
        start = behind + 1;
    }
    return parts;
}

bool is_database_url(const std::string& url) {
    return url.starts_with("sqlite:") || url.starts_with("postgres://") ||
           url.starts_with("postgresql://");
}

bool is_web_url(const std::string& url) {
    return url.starts_with("http://") || url.starts_with("https://");
}

/// Addresses that have nothing in common.
bool holds_everybody(const http::Networks& networks) {
    const auto holds = [&](const char* address) {
        return networks.contain(*http::parse_address(address));
    };
    return (holds("9.9.9.9") && holds("203.0.113.1")) || (holds("2001:db8::1") && holds("fd00::1"));
}

/// Collects complaints about single settings.
class Checker {
public:
    explicit Checker(const SettingValues& values) : values_(values) {}

    const std::string& text(std::string_view key) const { return values_.find(key)->second.text; }

    void expect(bool holds, std::string_view key, const std::string& problem, std::string remedy) {
        if (holds) return;
        const auto& value = values_.find(key)->second;
        problems_.push_back(
            {std::string(key), problem + " (from " + value.origin + ")", std::move(remedy)});
    }

    std::vector<ConfigProblem> take() { return std::move(problems_); }

private:
    const SettingValues& values_;
    std::vector<ConfigProblem> problems_;
};

/// What cannot be looked at is not there for us.
bool file_is_there(const std::string& path) {
    std::error_code unknown;
    return std::filesystem::exists(path, unknown);
}
bool is_directory(const std::string& path) {
    std::error_code unknown;
    return std::filesystem::is_directory(path, unknown);
}

/// "api-metering, saas-orgs"; for messages.
std::string known_presets() {
    std::string known;
    for (const std::string& name : preset_names()) known += (known.empty() ? "" : ", ") + name;
    return known;
}

/// "a,b" or "all".
std::vector<std::string> presets_of(const std::string& text) {
    if (text != "all") return split(text, ',');
    return preset_names();
}

void check_presets(Checker& c) {
    const auto presets = presets_of(c.text("preset"));
    c.expect(!presets.empty(), "preset", "no interface is named",
             "use all, or some of: " + known_presets());
    std::vector<std::string> seen;
    for (const std::string& preset : presets) {
        c.expect(preset_catalog(preset).has_value(), "preset",
                 "there is no preset '" + preset + "'", "use all, or some of: " + known_presets());
        c.expect(std::ranges::find(seen, preset) == seen.end(), "preset",
                 "preset '" + preset + "' is named twice", "name each once, or use all");
        seen.push_back(preset);
    }
    c.expect(c.text("catalog").empty() || presets.size() == 1, "catalog",
             "one catalog file cannot stand in for those of several presets",
             "name one preset, or leave the file out");
}

void check_server(Checker& c) {
    c.expect(parse_host_port(c.text("listen")).has_value(), "listen",
             "'" + c.text("listen") + "' is no address with a port",
             "give HOST:PORT, for example 127.0.0.1:8080");
    c.expect(!c.text("data").empty(), "data", "the data directory is empty",
             "give a directory that this user may write");
    c.expect(c.text("database").empty() || is_database_url(c.text("database")), "database",
             "the database URL is of an unknown kind",
             "give sqlite:PATH or postgres://user@host/name");
    check_presets(c);
    const auto& catalog = c.text("catalog");
    c.expect(catalog.empty() || file_is_there(catalog), "catalog",
             "the catalog file '" + catalog + "' does not exist",
             "name a TOML file, or leave it out for the preset's own");
    c.expect(!is_directory(catalog), "catalog",
             "'" + catalog + "' is a directory, not a catalog file",
             "name a TOML file, or leave it out for the preset's own");
    const auto threads = parse_count(c.text("threads"));
    c.expect(threads && *threads <= kThreadsMax, "threads",
             "'" + c.text("threads") + "' is no number of threads", "give 0 to 256");
    const auto grace = parse_count(c.text("billing.grace_days"));
    c.expect(grace && *grace <= kGraceDaysMax, "billing.grace_days",
             "'" + c.text("billing.grace_days") + "' is no number of days", "give 0 to 90");
    const auto late = parse_count(c.text("billing.late_after_seconds"));
    c.expect(late && *late > 0 && *late <= kLateAfterMax, "billing.late_after_seconds",
             "'" + c.text("billing.late_after_seconds") + "' is no number of seconds",
             "give 1 to 86400");
    for (const std::string key : {"requests_per_minute", "requests_in_flight"}) {
        const auto count = parse_count(c.text(key));
        c.expect(count && *count > 0 && *count <= kRequestsMax, key,
                 "'" + c.text(key) + "' is no number of requests", "give 1 to 1000000000");
    }
    const auto& proxies = c.text("trusted_proxies");
    const auto networks = http::Networks::parse(proxies);
    c.expect(networks.has_value(), "trusted_proxies", "'" + proxies + "' is no list of networks",
             "give the proxies' own, for example 127.0.0.1, 10.0.0.0/8");
    c.expect(!networks || !holds_everybody(*networks), "trusted_proxies",
             "'" + proxies + "' holds everybody, who could then say to be anybody",
             "give the proxies' own, for example 127.0.0.1, 10.0.0.0/8");
    const auto& gateway_log = c.text("gateway_log");
    c.expect(gateway_log.empty() || parse_udp_url(gateway_log), "gateway_log",
             "'" + gateway_log + "' is no address to take access logs on",
             "give udp://127.0.0.1:5140");
    constexpr auto kLevels = std::to_array<std::string_view>({"debug", "info", "warn", "error"});
    c.expect(std::ranges::find(kLevels, c.text("log_level")) != kLevels.end(), "log_level",
             "'" + c.text("log_level") + "' is no log level", "use debug, info, warn or error");
    c.expect(c.text("public_url").empty() || is_web_url(c.text("public_url")), "public_url",
             "'" + c.text("public_url") + "' is no URL", "give https://billing.example.com");
    c.expect(c.text("upgrade_url").empty() || is_web_url(c.text("upgrade_url")), "upgrade_url",
             "'" + c.text("upgrade_url") + "' is no URL", "give https://example.com/plans");
    const auto origins = AllowedOrigins::create("", split(c.text("web.allowed_origins"), ','));
    c.expect(origins.has_value(), "web.allowed_origins",
             origins ? std::string() : origins.error().message,
             "give https://app.example.com,https://www.example.com");
}

void check_secrets(Checker& c) {
    constexpr auto kRemedy = "make one with: openssl rand -hex 32";
    const auto& keys = c.text("secrets.key");
    c.expect(keys.empty() || read_master_keys(keys), "secrets.key",
             "this is no master key of 64 hexadecimal digits", kRemedy);
    const auto& file = c.text("secrets.key_file");
    c.expect(file.empty() || keys.empty(), "secrets.key_file",
             "there is a master key and a file with one", "give one of the two");
    c.expect(file.empty() || (file_is_there(file) && !is_directory(file)), "secrets.key_file",
             "the file '" + file + "' does not exist", kRemedy);
}

void check_auth(Checker& c) {
    const auto& secret = c.text("auth.jwt_secret");
    c.expect(!secret.empty() || !c.text("auth.jwks_file").empty(), "auth.jwt_secret",
             "nobody could log in: there is neither a JWT secret nor a JWKS file",
             "set TURNPIKE_JWT_SECRET (for example from: openssl rand -hex 32) or "
             "TURNPIKE_JWKS_FILE");
    c.expect(secret.empty() || secret.size() >= kJwtSecretBytesMin, "auth.jwt_secret",
             "the JWT secret is shorter than 32 bytes", "make one with: openssl rand -hex 32");
    const auto& needs_key = c.text("attribution.checkout_needs_key");
    c.expect(needs_key == "yes" || needs_key == "no", "attribution.checkout_needs_key",
             "'" + needs_key + "' is neither yes nor no", "give yes or no");
    const auto& sign_up = c.text("people.sign_up");
    c.expect(sign_up == "open" || sign_up == "invited", "people.sign_up",
             "'" + sign_up + "' does not say who may sign up", "use open or invited");
    const auto& jwks = c.text("auth.jwks_file");
    c.expect(jwks.empty() || file_is_there(jwks), "auth.jwks_file",
             "the JWKS file '" + jwks + "' does not exist", "save the issuer's key set there");
    c.expect(!is_directory(jwks), "auth.jwks_file",
             "'" + jwks + "' is a directory, not a JWKS file", "save the issuer's key set there");
}

/// Key and address, as the adapter that uses them wants them.
void check_stripe_client(Checker& c) {
    const auto& key = c.text("stripe.secret_key");
    stripe::ClientConfig client;
    client.secret_key = key;
    client.base_url = c.text("stripe.api_base");
    const auto good = stripe::check_config(client);
    if (good) return;
    const Error& error = good.error();
    if (error.reason == Reason("stripe.bad_key"))
        return c.expect(false, "stripe.secret_key", error.message,
                        "copy the key that begins with sk_test_ or sk_live_");
    c.expect(false, "stripe.api_base", error.message,
             stripe::is_live_key(key) ? "use https://, or leave it out for Stripe itself"
                                      : "leave it out for Stripe itself");
}

/// What Stripe names things, so that one is not pasted into the place of another.
void check_stripe_names(Checker& c) {
    const auto& publishable = c.text("stripe.publishable_key");
    c.expect(publishable.empty() || publishable.starts_with("pk_"), "stripe.publishable_key",
             "this is no publishable key, and pages would show it to everybody",
             "copy the key that begins with pk_test_ or pk_live_");
    for (const PriceSetting& setting : kPriceSettings) {
        const std::string key = setting.setting;
        const auto& id = c.text(key);
        c.expect(id.empty() || id.starts_with("price_"), key, "'" + id + "' is no price id",
                 "copy the id that begins with price_, or leave it out");
    }
}

void check_stripe(Checker& c) {
    if (c.text("stripe.secret_key").empty())
        return c.expect(c.text("stripe.webhook_secret").empty(), "stripe.secret_key",
                        "there is a Stripe webhook secret, but no key",
                        "set STRIPE_SECRET_KEY, or leave both out");
    check_stripe_client(c);
    check_stripe_names(c);
    const auto secrets = split(c.text("stripe.webhook_secret"), ',');
    const auto blank = [](const std::string& secret) {
        return !secret.starts_with("whsec_") || secret.size() <= std::string_view("whsec_").size();
    };
    c.expect(!secrets.empty(), "stripe.webhook_secret",
             "webhooks could not be verified: there is no signing secret",
             "set STRIPE_WEBHOOK_SECRET to the whsec_ of the endpoint PUBLIC_URL/webhooks/stripe");
    c.expect(std::ranges::none_of(secrets, blank), "stripe.webhook_secret",
             "this is no webhook signing secret", "copy the one that begins with whsec_");
}

/// Keys and address, as the adapter that uses them wants them.
void check_razorpay_client(Checker& c) {
    razorpay::ClientConfig client;
    client.key_id = c.text("razorpay.key_id");
    client.key_secret = c.text("razorpay.key_secret");
    client.base_url = c.text("razorpay.api_base");
    const auto good = razorpay::check_config(client);
    if (good) return;
    const Error& error = good.error();
    if (error.reason == Reason("razorpay.bad_key"))
        return c.expect(false, "razorpay.key_id", error.message,
                        "copy the key id that begins with rzp_test_ or rzp_live_");
    if (error.reason == Reason("razorpay.bad_secret"))
        return c.expect(false, "razorpay.key_secret", error.message,
                        "set RAZORPAY_KEY_SECRET to what was shown with the key id");
    c.expect(false, "razorpay.api_base", error.message,
             razorpay::is_live_key(client.key_id) ? "use https://, or leave it out for Razorpay"
                                                  : "leave it out for Razorpay itself");
}

void check_razorpay(Checker& c) {
    if (c.text("razorpay.key_id").empty())
        return c.expect(
            c.text("razorpay.key_secret").empty() && c.text("razorpay.webhook_secret").empty(),
            "razorpay.key_id", "there is a Razorpay secret, but no key id",
            "set RAZORPAY_KEY_ID, or leave the secrets out");
    check_razorpay_client(c);
    const auto secrets = split(c.text("razorpay.webhook_secret"), ',');
    c.expect(
        !secrets.empty(), "razorpay.webhook_secret",
        "webhooks could not be verified: there is no signing secret",
        "set RAZORPAY_WEBHOOK_SECRET to the secret of the webhook PUBLIC_URL/webhooks/razorpay");
    const auto bad = [](const std::string& secret) {
        return !WebhookSecrets::create({secret}).has_value();
    };
    c.expect(std::ranges::none_of(secrets, bad), "razorpay.webhook_secret",
             "a signing secret has at least 8 characters and no space",
             "choose one like: openssl rand -hex 16");
    const auto& account = c.text("razorpay.account_id");
    c.expect(account.empty() || account.starts_with("acc_"), "razorpay.account_id",
             "'" + account + "' is no account id",
             "copy the id that begins with acc_, or leave it out");
}

/// At least one, and all of one mode: a test key beside a live one would sell for nothing.
void check_providers(Checker& c) {
    check_stripe(c);
    check_razorpay(c);
    const auto& stripe_key = c.text("stripe.secret_key");
    const auto& razorpay_key = c.text("razorpay.key_id");
    c.expect(!stripe_key.empty() || !razorpay_key.empty(), "stripe.secret_key",
             "there is no payment provider: neither a Stripe nor a Razorpay key",
             "set STRIPE_SECRET_KEY or RAZORPAY_KEY_ID; for a try without an account use: "
             "turnpike up");
    if (stripe_key.empty() || razorpay_key.empty()) return;
    c.expect(stripe::is_live_key(stripe_key) == razorpay::is_live_key(razorpay_key),
             "razorpay.key_id", "one provider's key is live, and the other's is a test key",
             "use live keys of both, or test keys of both");
}

}  // namespace

std::optional<HostPort> parse_host_port(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto port = parse_count(text.substr(colon + 1));
    if (!port || *port > 65'535) return std::nullopt;
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) host = "0.0.0.0";
    return HostPort{host, static_cast<std::uint16_t>(*port)};
}

std::optional<HostPort> parse_udp_url(const std::string& text) {
    constexpr std::string_view kScheme = "udp://";
    if (!text.starts_with(kScheme)) return std::nullopt;
    const std::string address = text.substr(kScheme.size());
    return parse_host_port(address.starts_with(':') ? "127.0.0.1" + address : address);
}

Result<HostPort> read_host_port(const std::string& flag, const std::string& text,
                                const std::string& example) {
    const auto parsed = parse_host_port(text);
    if (!parsed)
        return invalid_argument("config.invalid",
                                flag + ": '" + text +
                                    "' is no address with a port; give HOST:PORT, "
                                    "for example " +
                                    example);
    return *parsed;
}

namespace {

void check_outbound(Checker& c) {
    const auto& networks = c.text("webhooks.allow_private");
    c.expect(http::Networks::parse(networks).has_value(), "webhooks.allow_private",
             "'" + networks + "' is no list of networks", "give for example 10.1.0.0/16, fd00::/8");
    const auto& smtp = c.text("smtp.url");
    c.expect(smtp.empty() || check_smtp_url(smtp), "smtp.url",
             "'" + smtp + "' is no address of a mail server", "give smtps://mail.example.com");
    c.expect(smtp.empty() || is_mail_address(c.text("smtp.from")), "smtp.from",
             "'" + c.text("smtp.from") + "' is no e-mail address",
             "give the address that letters come from, for example billing@example.com");
    for (const std::string key : {"pages.invitation", "pages.password_reset"}) {
        const auto& page = c.text(key);
        c.expect(page.empty() || (is_web_url(page) && page.contains("{token}")), key,
                 "'" + page + "' is no URL with {token} in it",
                 "give https://app.example.com/page#{token}");
    }
}

std::optional<SmtpConfig> smtp_config(const SettingValues& values) {
    const auto text = [&](std::string_view key) { return values.find(key)->second.text; };
    if (text("smtp.url").empty()) return std::nullopt;
    return SmtpConfig{.url = text("smtp.url"),
                      .user = text("smtp.user"),
                      .password = Secret(text("smtp.password")),
                      .from = text("smtp.from"),
                      .seller = text("seller.name")};
}

}  // namespace

std::vector<ConfigProblem> check_settings(const SettingValues& values, ConfigNeeds needs) {
    Checker checker(values);
    check_server(checker);
    check_secrets(checker);
    if (needs == ConfigNeeds::Server) {
        check_auth(checker);
        check_providers(checker);
    }
    check_outbound(checker);
    return checker.take();
}

Result<Config> read_config(const SettingValues& values, ConfigNeeds needs) {
    const auto problems = check_settings(values, needs);
    if (!problems.empty()) {
        const auto& first = problems.front();
        return invalid_argument("config.invalid",
                                first.key + ": " + first.problem + "; " + first.remedy);
    }
    const auto text = [&](std::string_view key) { return values.find(key)->second.text; };
    const auto listen = *parse_host_port(text("listen"));
    Config config{
        .host = listen.host,
        .port = listen.port,
        .data_dir = text("data"),
        .database_url = text("database"),
        .master_keys = Secret(text("secrets.key")),
        .master_key_file = text("secrets.key_file"),
        .presets = presets_of(text("preset")),
        .catalog_file = text("catalog"),
        .threads = *parse_count(text("threads")),
        .requests_per_minute = static_cast<std::int64_t>(*parse_count(text("requests_per_minute"))),
        .requests_in_flight = *parse_count(text("requests_in_flight")),
        .trusted_proxies = *http::Networks::parse(text("trusted_proxies")),
        .checkout_needs_key = text("attribution.checkout_needs_key") == "yes",
        .access_log = text("access_log"),
        .grace = std::chrono::days(*parse_count(text("billing.grace_days"))),
        .late_after = std::chrono::seconds(*parse_count(text("billing.late_after_seconds"))),
        .gateway_log = parse_udp_url(text("gateway_log")),
        .log_level = text("log_level"),
        .public_url = text("public_url"),
        .upgrade_url = text("upgrade_url"),
        .letter_pages = {text("pages.invitation"), text("pages.password_reset")},
        .sign_ups = text("people.sign_up") == "invited" ? SignUps::Invited : SignUps::Open,
        .allowed_origins = split(text("web.allowed_origins"), ','),
        .seller = {text("seller.name"), split(text("seller.address"), '|'), text("seller.tax_id"),
                   text("seller.email"), text("seller.note")},
        .jwt_secret = text("auth.jwt_secret"),
        .jwks_file = text("auth.jwks_file"),
        .jwt_issuer = text("auth.issuer"),
        .jwt_audience = text("auth.audience"),
        .webhook_networks = *http::Networks::parse(text("webhooks.allow_private")),
        .smtp = smtp_config(values),
        .stripe_secret_key = text("stripe.secret_key"),
        .stripe_publishable_key = text("stripe.publishable_key"),
        .stripe_api_base = text("stripe.api_base"),
        .stripe_webhook_secrets = split(text("stripe.webhook_secret"), ','),
        .razorpay_key_id = text("razorpay.key_id"),
        .razorpay_key_secret = text("razorpay.key_secret"),
        .razorpay_api_base = text("razorpay.api_base"),
        .razorpay_account_id = text("razorpay.account_id"),
        .razorpay_webhook_secrets = split(text("razorpay.webhook_secret"), ','),
        .stripe_prices = {},
    };
    if (config.database_url.empty())
        config.database_url = "sqlite:" + config.data_dir + "/ledger.db";
    if (config.access_log.empty()) config.access_log = config.data_dir + "/access.log";
    if (config.threads == 0)
        config.threads = std::max<std::size_t>(1, std::thread::hardware_concurrency());
    if (config.public_url.empty()) config.public_url = "http://" + text("listen");
    while (config.public_url.ends_with('/')) config.public_url.pop_back();
    for (const PriceSetting& setting : kPriceSettings) {
        const bool is_served =
            std::ranges::find(config.presets, setting.preset) != config.presets.end();
        const auto id = text(setting.setting);
        if (is_served && config.has_stripe() && !id.empty())
            config.stripe_prices.push_back({setting.setting, setting.preset, setting.plan, id});
    }
    return config;
}

}  // namespace turnpike
