#include "app/config/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using ::testing::HasSubstr;

Environment environment_of(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
}

const std::map<std::string, std::string> kEnough = {
    {"TURNPIKE_JWT_SECRET", "0123456789abcdef0123456789abcdef"},
    {"STRIPE_SECRET_KEY", "sk_test_abc"},
    {"STRIPE_WEBHOOK_SECRET", "whsec_abc"},
};

class ConfigFile : public ::testing::Test {
protected:
    std::string write(const std::string& text) {
        const auto path = std::filesystem::path(::testing::TempDir()) /
                          ("turnpike_config_" + std::to_string(getpid()) + ".toml");
        std::ofstream(path) << text;
        return path.string();
    }
};

TEST_F(ConfigFile, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
    const auto file = write("listen = \"127.0.0.1:1\"\nlog_level = \"warn\"\nthreads = 3\n");
    auto variables = kEnough;
    variables["TURNPIKE_LISTEN"] = "127.0.0.1:2";
    variables["TURNPIKE_LOG_LEVEL"] = "error";
    const auto values =
        resolve_settings({{"listen", "127.0.0.1:3"}}, environment_of(variables), file);
    ASSERT_TRUE(values);
    const auto config = read_config(*values);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->port, 3);
    EXPECT_EQ(config->log_level, "error");
    EXPECT_EQ(config->threads, 3U);
    EXPECT_EQ(config->stripe_api_base, "https://api.stripe.com");
}

TEST_F(ConfigFile, NamesFileAndLineOfAnUnknownSetting) {
    const auto file = write("[stripe]\nsecret_kee = \"sk_test_abc\"\n");
    const auto values = resolve_settings({}, environment_of({}), file);
    ASSERT_FALSE(values);
    EXPECT_THAT(values.error().message, HasSubstr(file + ":2"));
    EXPECT_THAT(values.error().message, HasSubstr("stripe.secret_kee"));
}

TEST(Config, ADirectoryIsNoSettingsFile) {
    const auto values = resolve_settings({}, environment_of({}), "/");
    ASSERT_FALSE(values);
    EXPECT_EQ(values.error().reason.text(), "config.file");
}

TEST(Config, RefusesWithOneLineThatSaysWhatToDo) {
    struct Case {
        const char* name;
        const char* value;
        const char* says;
    };
    const Case cases[] = {
        {"TURNPIKE_LISTEN", "8080", "HOST:PORT"},
        {"TURNPIKE_LISTEN", "localhost:70000", "HOST:PORT"},
        {"TURNPIKE_DATABASE", "mysql://x", "postgres://"},
        {"TURNPIKE_PRESET", "nope", "api-metering"},
        {"TURNPIKE_JWT_SECRET", "short", "openssl rand -hex 32"},
        {"TURNPIKE_JWT_SECRET", "", "TURNPIKE_JWKS_FILE"},
        {"STRIPE_SECRET_KEY", "pk_test_abc", "sk_test_"},
        {"STRIPE_WEBHOOK_SECRET", "", "STRIPE_WEBHOOK_SECRET"},
        {"STRIPE_WEBHOOK_SECRET", "whsec_", "whsec_"},
        {"STRIPE_SECRET_KEY", "sk_test_", "sk_test_"},
        {"STRIPE_API_BASE", "ftp://x", "http(s)://host[:port]"},
        {"STRIPE_API_BASE", "https://api.stripe.com/v1", "http(s)://host[:port] and nothing more"},
        {"STRIPE_API_BASE", "https://api.stripe.com/", "http(s)://host[:port] and nothing more"},
        {"STRIPE_API_BASE", "http://127.0.0.1:12111 x", "http(s)://host[:port] and nothing more"},
        {"STRIPE_PUBLISHABLE_KEY", "sk_test_abc", "pk_test_"},
        {"STRIPE_PRO_PRICE_ID", "prod_abc", "begins with price_"},
        {"STRIPE_STARTER_PRICE_ID", "29", "begins with price_"},
        {"STRIPE_ENTERPRISE_PRICE_ID", "sk_test_abc", "begins with price_"},
        {"TURNPIKE_UPGRADE_URL", "shop.example", "https://"},
        {"TURNPIKE_ALLOWED_ORIGINS", "https://shop.example/", "https://app.example.com"},
        {"TURNPIKE_ALLOWED_ORIGINS", "http://shop.example", "https://app.example.com"},
        {"TURNPIKE_TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/8"},
        {"TURNPIKE_TRUSTED_PROXIES", "proxy.example", "10.0.0.0/8"},
        {"TURNPIKE_TRUSTED_PROXIES", "0.0.0.0/0", "holds everybody"},
        {"TURNPIKE_TRUSTED_PROXIES", "10.0.0.0/8, ::/0", "holds everybody"},
        {"TURNPIKE_CHECKOUT_NEEDS_KEY", "true", "yes or no"},
        {"TURNPIKE_CATALOG", "/", "is a directory"},
        {"TURNPIKE_JWKS_FILE", "/", "is a directory"},
        {"TURNPIKE_THREADS", "many", "0 to 256"},
        {"TURNPIKE_GRACE_DAYS", "91", "0 to 90"},
        {"TURNPIKE_SIGN_UP", "closed", "open or invited"},
        {"TURNPIKE_INVITATION_URL", "https://app.example/join", "{token}"},
        {"TURNPIKE_PASSWORD_RESET_URL", "app.example/{token}", "{token}"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.name) + "=" + c.value);
        auto variables = kEnough;
        variables[c.name] = c.value;
        const auto values = resolve_settings({}, environment_of(variables), "");
        ASSERT_TRUE(values);
        const auto config = read_config(*values);
        ASSERT_FALSE(config);
        EXPECT_THAT(config.error().message, HasSubstr(c.says));
        EXPECT_EQ(config.error().message.find('\n'), std::string::npos);
    }
}

TEST(Config, RefusesToSendALiveKeyUnencrypted) {
    auto variables = kEnough;
    variables["STRIPE_SECRET_KEY"] = "sk_live_abc";
    variables["STRIPE_API_BASE"] = "http://127.0.0.1:12111";
    const auto config = read_config(*resolve_settings({}, environment_of(variables), ""));
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().message, HasSubstr("https://"));
    EXPECT_THAT(config.error().message, ::testing::Not(HasSubstr("sk_live_abc")));
}

TEST(Config, AWrongAddressOfAFlagNamesTheFlag) {
    const auto listen = read_host_port("--listen", "foo", "127.0.0.1:12111");
    ASSERT_FALSE(listen);
    EXPECT_EQ(listen.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(listen.error().message,
              "--listen: 'foo' is no address with a port; give HOST:PORT, for example "
              "127.0.0.1:12111");
}

TEST(Config, ReadsAddresses) {
    EXPECT_EQ(parse_host_port("[::1]:0")->host, "::1");
    EXPECT_EQ(parse_host_port(":8080")->host, "0.0.0.0");
    EXPECT_EQ(parse_host_port("127.0.0.1:65535")->port, 65'535);
    EXPECT_FALSE(parse_host_port("127.0.0.1:65536"));
    EXPECT_FALSE(parse_host_port("127.0.0.1:"));
    EXPECT_FALSE(parse_host_port("127.0.0.1"));
    EXPECT_FALSE(parse_host_port("127.0.0.1:-1"));
}

TEST(Config, AccessLogsAreTakenOnThisMachineUnlessToldOtherwise) {
    EXPECT_EQ(parse_udp_url("udp://:5140")->host, "127.0.0.1");
    EXPECT_EQ(parse_udp_url("udp://0.0.0.0:5140")->host, "0.0.0.0");
    EXPECT_EQ(parse_udp_url("udp://[::1]:5140")->port, 5'140);
    for (const char* bad : {"", "127.0.0.1:5140", "tcp://127.0.0.1:5140", "udp://127.0.0.1"})
        EXPECT_FALSE(parse_udp_url(bad)) << bad;
    auto variables = kEnough;
    EXPECT_FALSE(read_config(*resolve_settings({}, environment_of(variables), ""))->gateway_log);
    variables["TURNPIKE_GATEWAY_LOG"] = "127.0.0.1:5140";
    const auto config = read_config(*resolve_settings({}, environment_of(variables), ""));
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().message, HasSubstr("gateway_log"));
}

/// What is wrong with these settings, besides kEnough's own; "" for nothing.
std::string complaint_of(const std::map<std::string, std::string>& more) {
    auto variables = kEnough;
    for (const auto& [name, value] : more) variables[name] = value;
    const auto values = resolve_settings({}, environment_of(variables), "");
    if (!values) return values.error().message;
    const auto config = read_config(*values);
    return config ? "" : config.error().message;
}

TEST(ConfigOfProviders, OneIsEnoughWhicheverItIs) {
    const std::map<std::string, std::string> razorpay = {
        {"RAZORPAY_KEY_ID", "rzp_test_abc"},
        {"RAZORPAY_KEY_SECRET", "secret"},
        {"RAZORPAY_WEBHOOK_SECRET", "longenough"},
    };
    auto alone = razorpay;
    alone["STRIPE_SECRET_KEY"] = alone["STRIPE_WEBHOOK_SECRET"] = "";
    EXPECT_EQ(complaint_of(razorpay), "");
    EXPECT_EQ(complaint_of(alone), "");
    EXPECT_THAT(complaint_of({{"STRIPE_SECRET_KEY", ""}, {"STRIPE_WEBHOOK_SECRET", ""}}),
                HasSubstr("turnpike up"));
    EXPECT_THAT(complaint_of({{"STRIPE_SECRET_KEY", ""}}), HasSubstr("set STRIPE_SECRET_KEY"));

    struct Case {
        const char* name;
        const char* value;
        const char* remedy;
    };
    const Case cases[] = {
        {"RAZORPAY_KEY_ID", "sk_test_abc", "rzp_test_"},
        {"RAZORPAY_KEY_ID", "", "RAZORPAY_KEY_ID"},
        {"RAZORPAY_KEY_ID", "rzp_live_abc", "test keys of both"},
        {"RAZORPAY_KEY_SECRET", "", "RAZORPAY_KEY_SECRET"},
        {"RAZORPAY_WEBHOOK_SECRET", "", "/webhooks/razorpay"},
        {"RAZORPAY_WEBHOOK_SECRET", "short", "openssl rand"},
        {"RAZORPAY_WEBHOOK_SECRET", "longenough,x", "openssl rand"},
        {"RAZORPAY_ACCOUNT_ID", "12345", "acc_"},
        {"RAZORPAY_API_BASE", "ftp://x", "Razorpay itself"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.name) + "=" + c.value);
        auto changed = razorpay;
        changed[c.name] = c.value;
        EXPECT_THAT(complaint_of(changed), HasSubstr(c.remedy));
    }
}

}  // namespace
}  // namespace turnpike
