#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/object_store.h"
#include "sandbox/stripe/core/context.h"
#include "sql/migrator.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// The sandbox's own schema.
std::span<const sql::Migration> sandbox_migrations();

/// Keeps the sequence number of an object that is already there.
///
/// \param stored  what its row holds now; nullptr: there may be none
void save_object(sql::Transaction& tx, std::string_view account, const Json& object,
                 const Json* stored);
/// Accounts with something due at `now` on the real clock.
std::vector<std::string> load_due_accounts(sql::Transaction& tx, Instant now);
/// (account, id) of every test clock that is on its way.
struct MovingClock {
    std::string account;
    std::string id;
};
std::vector<MovingClock> load_moving_clocks(sql::Transaction& tx);

/// The account of a secret key; made on first use.
std::string open_account(sql::Transaction& tx, std::string_view secret_key, IdSource& ids,
                         Instant now);
std::optional<std::string> find_account(sql::Transaction& tx, std::string_view secret_key);

}  // namespace turnpike::twin
