#pragma once

#include <cstdint>

#include "app/commands/cli.h"

namespace CLI {
class App;
}

namespace turnpike {

/// Which settings the help of a command shows. Every command takes all of them, so that one set of
/// flags does for all.
enum class ShownSettings : std::uint8_t {
    Every,   ///< what most servers need first, the others by what they are about
    Ledger,  ///< where the data is and what opens it
    Plans,   ///< these, and which catalogs
    Tokens,  ///< what tokens are signed with
};

/// --config and one flag for each setting. `flags` outlives the command.
void add_settings(CLI::App& command, SettingFlags& flags, ShownSettings shown);

}  // namespace turnpike
