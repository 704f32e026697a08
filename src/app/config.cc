#include "app/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <thread>

#include "crypto/secret_box.h"
#include "payments/stripe/client.h"

namespace turnpike {
namespace {

constexpr std::size_t kJwtSecretBytesMin = 32;
constexpr std::size_t kThreadsMax = 256;
constexpr std::size_t kRequestsMax = 1'000'000'000;
constexpr std::array kPlansWithPriceIds{"starter", "pro", "enterprise"};

std::optional<std::size_t> parse_count(const std::string& text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string> split_commas(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= text.size();) {
        const auto comma = std::min(text.find(',', start), text.size());
        const auto part = text.substr(start, comma - start);
        if (!part.empty()) parts.push_back(part);
        start = comma + 1;
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

void check_server(Checker& c) {
    c.expect(parse_host_port(c.text("listen")).has_value(), "listen",
             "'" + c.text("listen") + "' is no address with a port",
             "give HOST:PORT, for example 127.0.0.1:8080");
    c.expect(!c.text("data").empty(), "data", "the data directory is empty",
             "give a directory that this user may write");
    c.expect(c.text("database").empty() || is_database_url(c.text("database")), "database",
             "the database URL is of an unknown kind",
             "give sqlite:PATH or postgres://user@host/name");
    c.expect(c.text("preset") == "api-metering", "preset",
             "there is no preset '" + c.text("preset") + "'", "use api-metering");
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
    for (const std::string key : {"requests_per_minute", "requests_in_flight"}) {
        const auto count = parse_count(c.text(key));
        c.expect(count && *count > 0 && *count <= kRequestsMax, key,
                 "'" + c.text(key) + "' is no number of requests", "give 1 to 1000000000");
    }
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
    const auto& jwks = c.text("auth.jwks_file");
    c.expect(jwks.empty() || file_is_there(jwks), "auth.jwks_file",
             "the JWKS file '" + jwks + "' does not exist", "save the issuer's key set there");
    c.expect(!is_directory(jwks), "auth.jwks_file",
             "'" + jwks + "' is a directory, not a JWKS file", "save the issuer's key set there");
}

/// Key and address, as the adapter that uses them wants them.
void check_stripe_client(Checker& c) {
    const auto& key = c.text("stripe.secret_key");
    c.expect(!key.empty(), "stripe.secret_key", "there is no Stripe key",
             "set STRIPE_SECRET_KEY; for a try without an account use: turnpike up");
    stripe::ClientConfig client;
    client.secret_key = key.empty() ? "sk_test_none" : key;
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
    for (const std::string plan : kPlansWithPriceIds) {
        const std::string key = "stripe." + plan + "_price_id";
        const auto& id = c.text(key);
        c.expect(id.empty() || id.starts_with("price_"), key, "'" + id + "' is no price id",
                 "copy the id that begins with price_, or leave it out");
    }
}

void check_stripe(Checker& c) {
    check_stripe_client(c);
    check_stripe_names(c);
    const auto secrets = split_commas(c.text("stripe.webhook_secret"));
    const auto blank = [](const std::string& secret) {
        return !secret.starts_with("whsec_") || secret.size() <= std::string_view("whsec_").size();
    };
    c.expect(!secrets.empty(), "stripe.webhook_secret",
             "webhooks could not be verified: there is no signing secret",
             "set STRIPE_WEBHOOK_SECRET to the whsec_ of the endpoint PUBLIC_URL/webhooks/stripe");
    c.expect(std::ranges::none_of(secrets, blank), "stripe.webhook_secret",
             "this is no webhook signing secret", "copy the one that begins with whsec_");
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

std::vector<ConfigProblem> check_settings(const SettingValues& values) {
    Checker checker(values);
    check_server(checker);
    check_secrets(checker);
    check_auth(checker);
    check_stripe(checker);
    return checker.take();
}

Result<Config> read_config(const SettingValues& values) {
    const auto problems = check_settings(values);
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
        .preset = text("preset"),
        .catalog_file = text("catalog"),
        .threads = *parse_count(text("threads")),
        .requests_per_minute = static_cast<std::int64_t>(*parse_count(text("requests_per_minute"))),
        .requests_in_flight = *parse_count(text("requests_in_flight")),
        .access_log = text("access_log"),
        .gateway_log = parse_udp_url(text("gateway_log")),
        .log_level = text("log_level"),
        .public_url = text("public_url"),
        .upgrade_url = text("upgrade_url"),
        .jwt_secret = text("auth.jwt_secret"),
        .jwks_file = text("auth.jwks_file"),
        .jwt_issuer = text("auth.issuer"),
        .jwt_audience = text("auth.audience"),
        .stripe_secret_key = text("stripe.secret_key"),
        .stripe_publishable_key = text("stripe.publishable_key"),
        .stripe_api_base = text("stripe.api_base"),
        .stripe_webhook_secrets = split_commas(text("stripe.webhook_secret")),
        .stripe_price_ids = {},
    };
    if (config.database_url.empty())
        config.database_url = "sqlite:" + config.data_dir + "/ledger.db";
    if (config.access_log.empty()) config.access_log = config.data_dir + "/access.log";
    if (config.threads == 0)
        config.threads = std::max<std::size_t>(1, std::thread::hardware_concurrency());
    if (config.public_url.empty()) config.public_url = "http://" + text("listen");
    while (config.public_url.ends_with('/')) config.public_url.pop_back();
    for (const std::string plan : kPlansWithPriceIds) {
        const auto id = text("stripe." + plan + "_price_id");
        if (!id.empty()) config.stripe_price_ids[plan] = id;
    }
    return config;
}

}  // namespace turnpike
