#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace turnpike {

/// Where a value came from; a later one in this list gives way to an earlier one.
enum class SettingSource : std::uint8_t { Flag, Environment, File, Default };

enum class Secrecy : bool { Public, Secret };

/// One thing that can be configured: the same name in the file ("stripe.secret_key"), in the
/// environment and as a flag.
struct Setting {
    std::string_view key;
    std::string_view environment;
    std::string_view flag;  ///< without the dashes
    std::string_view fallback;
    Secrecy secrecy;
    std::string_view help;
};

/// Every setting, in the order of `turnpike serve --help`.
std::span<const Setting> all_settings();

struct SettingValue {
    std::string text;
    SettingSource source = SettingSource::Default;
    std::string origin;  ///< "--listen", "STRIPE_SECRET_KEY", "turnpike.toml:12", "default"
};
using SettingValues = std::map<std::string, SettingValue, std::less<>>;

/// The environment as a function, so that tests can give their own.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Environment process_environment();

/// Resolves every setting: flag, environment, file, default, in this order.
/// `flags` maps setting keys to given values; `file` is a TOML path or empty.
/// Errors: InvalidArgument "config.file" for an unreadable file, a key that does not exist, or a
///         value that is not text, a number or a flag; the message names file and line.
Result<SettingValues> resolve_settings(const std::map<std::string, std::string>& flags,
                                       const Environment& environment, const std::string& file);

}  // namespace turnpike
