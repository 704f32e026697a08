#include "sandbox/object_store.h"

#include <utility>

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

/// The conditions that a list names, so that each list finds its index.
class ListQuery {
public:
    explicit ListQuery(const ObjectKey& key) {
        add("account = ", key.account);
        add(" AND kind = ", key.kind);
        add(" AND status <> ", "deleted");
    }
    void add(std::string_view condition, sql::Value value) {
        values_.push_back(std::move(value));
        text_ += std::string(condition) + "$" + std::to_string(values_.size());
    }
    void add_text(std::string_view condition, const std::string& value) {
        if (!value.empty()) add(condition, value);
    }
    void add_filter(const ListFilter& filter) {
        add_text(" AND customer = ", filter.customer);
        add_text(" AND parent = ", filter.parent);
        add_text(" AND status = ", filter.status);
        if (filter.created_from) add(" AND created >= ", unix_seconds(*filter.created_from));
        if (filter.created_before) add(" AND created < ", unix_seconds(*filter.created_before));
    }
    std::int64_t count(sql::Transaction& tx) {
        return tx.all("SELECT COUNT(*) FROM objects WHERE " + text_, values_).front().integer(0);
    }
    std::vector<std::string> ids(sql::Transaction& tx) {
        std::vector<std::string> ids;
        for (const auto& row :
             tx.all("SELECT id FROM objects WHERE " + text_ + " ORDER BY seq DESC", values_))
            ids.push_back(row.text(0));
        return ids;
    }
    std::vector<sql::Row> run(sql::Transaction& tx, std::string_view order,
                              const ObjectSlice& slice) {
        const std::string query =
            "SELECT seq, body FROM objects WHERE " + text_ + " ORDER BY seq " + std::string(order) +
            " LIMIT " + std::to_string(slice.limit) + " OFFSET " + std::to_string(slice.skip);
        return tx.all(query, values_);
    }

private:
    std::string text_;
    std::vector<sql::Value> values_;
};

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
    ListQuery query(account_and_kind);
    query.add_filter(filter);
    if (slice.cursor) query.add(descending ? " AND seq < " : " AND seq > ", *slice.cursor);
    return stored_all(query.run(tx, descending ? "DESC" : "ASC", slice));
}

std::vector<std::string> load_ids(sql::Transaction& tx, const ObjectKey& account_and_kind,
                                  const ListFilter& filter) {
    ListQuery query(account_and_kind);
    query.add_filter(filter);
    return query.ids(tx);
}

std::int64_t count_objects(sql::Transaction& tx, const ObjectKey& account_and_kind,
                           const ListFilter& filter) {
    ListQuery query(account_and_kind);
    query.add_filter(filter);
    return query.count(tx);
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
