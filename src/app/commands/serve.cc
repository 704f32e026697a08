#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/commands/cli.h"
#include "app/commands/signals.h"
#include "app/serving/app.h"
#include "base/card_number.h"
#include "base/free_text.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kGrace{20};

}  // namespace

int complain(const Error& error) {
    fmt::print(stderr, "turnpike: {}\n", error.message);
    return error.code == ErrorCode::InvalidArgument ? 2 : 1;
}

Result<Config> config_of(const SettingFlags& flags, ConfigNeeds needs) {
    const auto values = resolve_settings(flags.values, process_environment(), flags.config_file);
    if (!values) return failure(values);
    return read_config(*values, needs);
}

Result<std::string> kept_name(std::string_view name, std::size_t length_max) {
    auto text = read_free_text(name, {.length_max = length_max});
    if (!text) return invalid_argument("config.invalid", "--name " + text.error().detail);
    if (holds_card_number(*text))
        return invalid_argument("config.invalid", "--name holds what looks like a card number");
    return std::move(*text);
}

int command_serve(const SettingFlags& flags) {
    const auto config = config_of(flags);
    if (!config) return complain(config.error());
    block_signals();
    auto app = App::create(*config);
    if (!app) return complain(app.error());
    const auto started = (*app)->start();
    if (!started) return complain(started.error());
    fmt::print("turnpike: serving {} on http://{}:{}\n", fmt::join(config->presets, ", "),
               config->host, (*app)->port());
    std::fflush(stdout);
    wait_for_end([&] { (*app)->reopen_logs(); });
    fmt::print("turnpike: finishing requests in flight\n");
    (*app)->stop(kGrace);
    return 0;
}

}  // namespace turnpike
