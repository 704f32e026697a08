#include "sandbox/object_store.h"

#include <utility>

#include "sandbox/conditions.h"

namespace turnpike::twin {

namespace {

constexpr std::string_view kLoad = R"sql(
    SELECT seq, body FROM objects WHERE account = $1 AND kind = $2 AND id = $3
)sql";

constexpr std::string_view kSave = R"sql(
    INSERT INTO objects (account, kind, id, seq, customer, parent, status, created, test_clock,
                         body)
    VALUES ($1, $2, $3, (SELECT COALESCE(MAX(seq), 0) + 1 FROM objects), $4, $5, $6, $7, '', $8)
    ON CONFLICT (account, kind, id) DO UPDATE
       SET customer = excluded.customer, parent = excluded.parent, status = excluded.status,
           created = excluded.created, body = excluded.body
)sql";

constexpr std::string_view kSaveBody = R"sql(
    UPDATE objects SET body = $4 WHERE account = $1 AND kind = $2 AND id = $3
)sql";

constexpr std::string_view kDelete = R"sql(
    DELETE FROM objects WHERE account = $1 AND kind = $2 AND id = $3
)sql";

constexpr std::string_view kSaveDue = R"sql(
    UPDATE objects SET due_at = $4, test_clock = $5 WHERE account = $1 AND kind = $2 AND id = $3
)sql";

constexpr std::string_view kNextDue = R"sql(
    SELECT due_at, kind, id, body FROM objects
     WHERE account = $1 AND test_clock = $2 AND due_at <= $3
     ORDER BY due_at, seq
     LIMIT 1
)sql";

constexpr std::string_view kFindOwner = R"sql(
    SELECT account FROM objects WHERE kind = $1 AND id = $2
)sql";

StoredObject stored(const sql::Row& row) { return {row.integer(0), row.text(1)}; }

std::vector<StoredObject> stored_all(const std::vector<sql::Row>& rows) {
    std::vector<StoredObject> objects;
    objects.reserve(rows.size());
    for (const auto& row : rows) objects.push_back(stored(row));
    return objects;
}

/// Of a list, without what was deleted.
Conditions conditions_of(const ObjectKey& key, const ListFilter& filter) {
    Conditions all;
    all.add("account = ", key.account);
    all.add("kind = ", key.kind);
    all.add("status <> ", "deleted");
    all.add_text("customer = ", filter.customer);
    all.add_text("parent = ", filter.parent);
    all.add_text("status = ", filter.status);
    if (filter.created_from) all.add("created >= ", unix_seconds(*filter.created_from));
    if (filter.created_before) all.add("created < ", unix_seconds(*filter.created_before));
    return all;
}

}  // namespace

std::optional<StoredObject> load_object(sql::Transaction& tx, const ObjectKey& key) {
    const auto row = tx.one(kLoad, {key.account, key.kind, key.id});
    if (!row) return std::nullopt;
    return stored(*row);
}

void save_row(sql::Transaction& tx, const ObjectRow& row) {
    tx.run(kSave, {row.key.account, row.key.kind, row.key.id, row.customer, row.parent, row.status,
                   row.created, row.body});
}

void save_body(sql::Transaction& tx, const ObjectKey& key, const std::string& body) {
    tx.run(kSaveBody, {key.account, key.kind, key.id, body});
}

void delete_object(sql::Transaction& tx, const ObjectKey& key) {
    tx.run(kDelete, {key.account, key.kind, key.id});
}

std::vector<StoredObject> load_objects(sql::Transaction& tx, const ObjectKey& account_and_kind,
                                       const ListFilter& filter, const ObjectSlice& slice) {
    const bool descending = slice.order == ObjectSlice::Order::NewestFirst;
    auto conditions = conditions_of(account_and_kind, filter);
    if (slice.cursor) conditions.add(descending ? "seq < " : "seq > ", *slice.cursor);
    const std::string query = "SELECT seq, body FROM objects WHERE " + conditions.text() +
                              " ORDER BY seq " + (descending ? "DESC" : "ASC") + " LIMIT " +
                              std::to_string(slice.limit) + " OFFSET " + std::to_string(slice.skip);
    return stored_all(tx.all(query, conditions.values()));
}

std::vector<std::string> load_ids(sql::Transaction& tx, const ObjectKey& account_and_kind,
                                  const ListFilter& filter) {
    const auto conditions = conditions_of(account_and_kind, filter);
    const std::string query =
        "SELECT id FROM objects WHERE " + conditions.text() + " ORDER BY seq DESC";
    std::vector<std::string> ids;
    for (const auto& row : tx.all(query, conditions.values())) ids.push_back(row.text(0));
    return ids;
}

std::int64_t count_objects(sql::Transaction& tx, const ObjectKey& account_and_kind,
                           const ListFilter& filter) {
    const auto conditions = conditions_of(account_and_kind, filter);
    const std::string query = "SELECT COUNT(*) FROM objects WHERE " + conditions.text();
    return tx.all(query, conditions.values()).front().integer(0);
}

void save_due(sql::Transaction& tx, const ObjectKey& key, std::optional<Instant> when,
              std::string_view test_clock) {
    tx.run(kSaveDue, {key.account, key.kind, key.id, when, test_clock});
}

std::optional<DueObject> load_next_due(sql::Transaction& tx, std::string_view account,
                                       Instant until, std::string_view test_clock) {
    const auto row = tx.one(kNextDue, {account, test_clock, until});
    if (!row) return std::nullopt;
    return DueObject{row->instant(0), row->text(1), row->text(2), row->text(3)};
}

std::optional<std::string> find_owner(sql::Transaction& tx, std::string_view kind,
                                      std::string_view id) {
    const auto row = tx.one(kFindOwner, {kind, id});
    if (!row) return std::nullopt;
    return row->text(0);
}

}  // namespace turnpike::twin
