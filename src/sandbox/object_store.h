#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sql/sql.h"

/// A provider's objects as rows: JSON documents beside the columns that lists and engines ask for.
/// Every function but load_due_accounts and find_owner is about one account.
namespace turnpike::twin {

/// Which objects a list wants. Empty fields do not filter. Newest first (creation order, not id).
struct ListFilter {
    std::string customer{};
    std::string parent{};
    std::string status{};
    std::optional<Instant> created_from{}, created_before{};
};

/// Which of them: up to `limit`, after leaving out the first `skip`, newest first, older (or,
/// oldest first, newer) than `cursor`.
struct ObjectSlice {
    std::optional<std::int64_t> cursor{};  ///< a sequence number; nullopt: from the end
    enum class Order : bool { NewestFirst, OldestFirst } order = Order::NewestFirst;
    std::int64_t limit = 100;
    std::int64_t skip = 0;
};

struct ObjectKey {
    std::string_view account;
    std::string_view kind;
    std::string_view id;
};
struct StoredObject {
    std::int64_t sequence;
    std::string body;  ///< JSON text
};
struct ObjectRow {
    ObjectKey key;
    std::string customer{}, parent{};
    std::string status{};      ///< "deleted" is in no list
    std::int64_t created = 0;  ///< Unix seconds
    std::string body{};
};

std::optional<StoredObject> load_object(sql::Transaction& tx, const ObjectKey& key);
/// Inserts or replaces; keeps the sequence number, due time and clock of what is already there.
void save_row(sql::Transaction& tx, const ObjectRow& row);
/// Of an object that is there, when nothing else of its row changes.
void save_body(sql::Transaction& tx, const ObjectKey& key, const std::string& body);
void delete_object(sql::Transaction& tx, const ObjectKey& key);
std::vector<StoredObject> load_objects(sql::Transaction& tx, const ObjectKey& account_and_kind,
                                       const ListFilter& filter, const ObjectSlice& slice);

/// Ids of what load_objects() would find without a limit, newest first.
std::vector<std::string> load_ids(sql::Transaction& tx, const ObjectKey& account_and_kind,
                                  const ListFilter& filter);

/// How many load_objects() would find without a limit.
std::int64_t count_objects(sql::Transaction& tx, const ObjectKey& account_and_kind,
                           const ListFilter& filter);

/// Says when an engine must look at the object again; nullopt: never.
void save_due(sql::Transaction& tx, const ObjectKey& key, std::optional<Instant> when,
              std::string_view test_clock);
struct DueObject {
    Instant when;
    std::string kind, id;
    std::string body;
};
/// The first one not after `until`; ties go to the older object.
std::optional<DueObject> load_next_due(sql::Transaction& tx, std::string_view account,
                                       Instant until, std::string_view test_clock);

/// The account that owns an object, whose id is unguessable.
std::optional<std::string> find_owner(sql::Transaction& tx, std::string_view kind,
                                      std::string_view id);

}  // namespace turnpike::twin
