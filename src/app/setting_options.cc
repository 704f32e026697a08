#include "app/setting_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/config/settings.h"

namespace turnpike {
namespace {

using Keys = std::span<const std::string_view>;

constexpr auto kFirstNeeded = std::to_array<std::string_view>(
    {"listen", "data", "database", "preset", "public_url", "auth.jwt_secret", "auth.jwks_file",
     "stripe.secret_key", "stripe.webhook_secret", "razorpay.key_id", "razorpay.key_secret",
     "razorpay.webhook_secret"});
constexpr auto kLedger =
    std::to_array<std::string_view>({"data", "database", "secrets.key", "secrets.key_file"});
constexpr auto kPlans = std::to_array<std::string_view>(
    {"data", "database", "secrets.key", "secrets.key_file", "preset", "catalog"});
constexpr auto kTokens =
    std::to_array<std::string_view>({"data", "auth.jwt_secret", "auth.issuer", "auth.audience"});

/// By the first part of the key; what has none is about the server itself.
struct Theme {
    std::string_view prefix, name;
};
constexpr auto kThemes = std::to_array<Theme>({{"auth.", "Who may call"},
                                               {"people.", "Who may call"},
                                               {"attribution.", "Who may call"},
                                               {"secrets.", "Secrets at rest"},
                                               {"stripe.", "Stripe"},
                                               {"razorpay.", "Razorpay"},
                                               {"billing.", "Billing"},
                                               {"seller.", "The seller, on paper"},
                                               {"smtp.", "Letters"},
                                               {"pages.", "Letters"},
                                               {"web.", "Links and webhooks"},
                                               {"webhooks.", "Links and webhooks"}});
constexpr std::string_view kServer = "The server";

bool is_among(Keys keys, std::string_view key) {
    return std::ranges::find(keys, key) != keys.end();
}

std::string_view theme_of(std::string_view key) {
    const auto found = std::ranges::find_if(
        kThemes, [&](const Theme& theme) { return key.starts_with(theme.prefix); });
    return found == kThemes.end() ? kServer : found->name;
}

Keys keys_of(ShownSettings shown) {
    switch (shown) {
        case ShownSettings::Every: return kFirstNeeded;
        case ShownSettings::Ledger: return kLedger;
        case ShownSettings::Plans: return kPlans;
        case ShownSettings::Tokens: return kTokens;
    }
    return {};
}

void add_setting(CLI::App& command, SettingFlags& flags, const Setting& setting,
                 std::string_view group) {
    const std::string key(setting.key);
    const std::string help =
        fmt::format("{} [{}, {} in the file]", setting.help, setting.environment, key);
    command
        .add_option_function<std::string>(
            "--" + std::string(setting.flag),
            [&flags, key](const std::string& text) { flags.values[key] = text; }, help)
        ->group(std::string(group));
}

}  // namespace

void add_settings(CLI::App& command, SettingFlags& flags, ShownSettings shown) {
    command.add_option("--config", flags.config_file, "settings file (TOML)")
        ->envname("TURNPIKE_CONFIG");
    const bool shows_all = shown == ShownSettings::Every;
    const Keys first = keys_of(shown);
    // The help has its groups in the order in which they come.
    for (const auto& setting : all_settings())
        if (is_among(first, setting.key))
            add_setting(command, flags, setting, shows_all ? "Needed first" : "Settings");
    for (const auto& setting : all_settings()) {
        if (is_among(first, setting.key)) continue;
        add_setting(command, flags, setting, shows_all ? theme_of(setting.key) : "");
    }
    if (!shows_all)
        command.footer("Every other setting of the server is taken, too: turnpike serve --help");
}

}  // namespace turnpike
