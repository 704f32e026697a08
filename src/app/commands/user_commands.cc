#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "access/cursor.h"
#include "app/commands/cli.h"
#include "app/ledger/ledger.h"
#include "crypto/password.h"
#include "people/password_resets.h"
#include "people/password_rules.h"
#include "people/users.h"
#include "people/wire.h"

namespace turnpike {
namespace {

const Authority by_console{"operator:command_line", ""};

/// While it lives, a terminal does not show what is typed.
class HiddenTyping {
public:
    HiddenTyping() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        auto hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        is_hidden_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    }
    ~HiddenTyping() {
        if (is_hidden_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    HiddenTyping(const HiddenTyping&) = delete;
    HiddenTyping& operator=(const HiddenTyping&) = delete;

private:
    termios before_{};
    bool is_hidden_ = false;
};

std::string typed(const char* prompt) {
    fmt::print(stderr, "{}: ", prompt);
    const HiddenTyping hidden;
    std::string text;
    std::getline(std::cin, text);
    fmt::print(stderr, "\n");
    return text;
}

Result<std::string> read_password() {
    if (isatty(STDIN_FILENO) == 0) {
        std::string text;
        std::getline(std::cin, text);
        return text;
    }
    auto text = typed("password");
    if (text != typed("once more"))
        return invalid_argument("config.invalid", "the two passwords differ");
    return text;
}

void print_user(const User& user) {
    fmt::print("{} {}{}{}\n", user.id.text(), user.email.value_or(user.external_id),
               user.is_superuser ? " superuser" : "", is_active(user) ? "" : " deactivated");
}

using OpenLedger = Result<std::unique_ptr<sql::Database>>(const Config& config);

/// Opens the ledger, works in one transaction, and prints what came of it.
template <class Work, class Print>
int with_ledger(const SettingFlags& flags, std::string_view route, OpenLedger& open, Work work,
                Print print) {
    const auto config = config_of(flags, ConfigNeeds::Ledger);
    if (!config) return complain(config.error());
    auto db = open(*config);
    if (!db) return complain_or_name_route(db.error(), route);
    const auto done = (*db)->write_blocking(work);
    if (!done) return complain(done.error());
    print(*done);
    return 0;
}

template <class Change>
int change_user(const SettingFlags& flags, const UserOptions& options, std::string_view route,
                Change change) {
    RandomIdSource ids;
    const auto work = [&](sql::Transaction& tx) -> Result<User> {
        const auto user = find_user(tx, options.user);
        if (!user) return failure(user);
        return change(tx, *user, by_console, SystemClock().now(), ids);
    };
    return with_ledger(flags, route, open_kept_ledger, work, print_user);
}

}  // namespace

int command_user_create(const SettingFlags& flags, const UserOptions& options) {
    std::optional<std::string> name;
    if (!options.name.empty()) {
        auto kept = kept_name(options.name, kPersonNameMax);
        if (!kept) return complain(kept.error());
        name = std::move(*kept);
    }
    const auto password = read_password();
    if (!password) return complain(password.error());
    if (const auto good = check_password(*password, options.user); !good)
        return complain(good.error());
    const NewUser wanted{options.user, hash_password(*password, {}), std::move(name),
                         options.superuser ? Superuser::Yes : Superuser::No};
    RandomIdSource ids;
    const auto work = [&](sql::Transaction& tx) {
        return create_user(tx, wanted, by_console, SystemClock().now(), ids);
    };
    // The first superuser comes before the server's first start.
    return with_ledger(flags, "POST /v1/auth/signup", open_migrated_ledger, work, print_user);
}

int command_user_list(const SettingFlags& flags) {
    const auto work = [&](sql::Transaction& tx) -> Result<std::vector<User>> {
        return every_user(tx);
    };
    const auto print = [](const std::vector<User>& users) {
        for (const auto& user : users) print_user(user);
    };
    return with_ledger(flags, "GET /v1/users", open_kept_ledger, work, print);
}

int command_user_deactivate(const SettingFlags& flags, const UserOptions& options) {
    return change_user(flags, options, "POST /v1/users/{user}/deactivate", deactivate_user);
}

int command_user_activate(const SettingFlags& flags, const UserOptions& options) {
    return change_user(flags, options, "POST /v1/users/{user}/activate", activate_user);
}

int command_user_reset_link(const SettingFlags& flags, const UserOptions& options) {
    RandomIdSource ids;
    const auto work = [&](sql::Transaction& tx) {
        return make_reset_link(tx, options.user, by_console, SystemClock().now(), ids);
    };
    const auto print = [](const ResetLink& link) {
        fmt::print("{}\n", link.secret);
        fmt::print(stderr, "good until {}, for POST /v1/auth/password_reset/confirm\n",
                   format_rfc3339(link.expires_at));
    };
    return with_ledger(flags, "POST /v1/users/{user}/reset_link", open_kept_ledger, work, print);
}

}  // namespace turnpike
