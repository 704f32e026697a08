#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/context.h"
#include "sql/migrator.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// The sandbox's own schema.
std::span<const sql::Migration> sandbox_migrations();

/// Rows of the table of documents. Every function is about one account.
struct ObjectKey {
    std::string_view account;
    std::string_view kind;
    std::string_view id;
};
struct StoredObject {
    std::int64_t sequence;
    std::string body;  ///< JSON text
};

std::optional<StoredObject> load_object(sql::Transaction& tx, const ObjectKey& key);
/// Keeps the sequence number of an object that is already there.
void save_object(sql::Transaction& tx, std::string_view account, const Json& object);
void delete_object(sql::Transaction& tx, const ObjectKey& key);
std::vector<StoredObject> load_objects(sql::Transaction& tx, const ObjectKey& account_and_kind,
                                       const ListFilter& filter, const Context::Slice& slice);

void save_due(sql::Transaction& tx, const ObjectKey& key, std::optional<Instant> when,
              std::string_view test_clock);
struct DueObject {
    Instant when;
    std::string body;
};
/// The first one not after `until`; ties go to the older object.
std::optional<DueObject> load_next_due(sql::Transaction& tx, std::string_view account,
                                       Instant until, std::string_view test_clock);
/// Accounts with something due at `now` on the real clock.
std::vector<std::string> load_due_accounts(sql::Transaction& tx, Instant now);
/// (account, id) of every test clock that is on its way.
struct MovingClock {
    std::string account;
    std::string id;
};
std::vector<MovingClock> load_moving_clocks(sql::Transaction& tx);

/// The account that owns an object, whose id is unguessable.
std::optional<std::string> find_owner(sql::Transaction& tx, std::string_view kind,
                                      std::string_view id);

/// The account of a secret key; made on first use.
std::string open_account(sql::Transaction& tx, std::string_view secret_key, IdSource& ids,
                         Instant now);
std::optional<std::string> find_account(sql::Transaction& tx, std::string_view secret_key);

}  // namespace turnpike::twin
