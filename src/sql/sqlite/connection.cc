#include "sql/sqlite/connection.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"
#include "sql/statement_text.h"

namespace turnpike::sql::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr std::size_t kStatementsMax = 500;
constexpr std::string_view kBlank = " \t\r\n;";

/// A statement goes back to the cache ready for its next use, whatever happened.
class Lease {
public:
    explicit Lease(sqlite3_stmt* statement) : statement_(statement) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

private:
    sqlite3_stmt* statement_;
};

Value read_column(sqlite3_stmt* statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_NULL: return nullptr;
        case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, column)};
        case SQLITE_TEXT: {
            const auto* text = static_cast<const char*>(sqlite3_column_blob(statement, column));
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
            return text == nullptr ? std::string() : std::string(text, size);
        }
        default:
            throw Failure(fmt::format("sqlite: column {} is neither integer nor text", column),
                          false);
    }
}

Row read_row(sqlite3_stmt* statement) {
    const int count = sqlite3_column_count(statement);
    std::vector<Value> columns;
    columns.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) columns.push_back(read_column(statement, i));
    return Row(std::move(columns));
}

int index_of(sqlite3_stmt* statement, std::size_t number) {
    std::array<char, 24> name{'$'};
    std::to_chars(name.data() + 1, name.data() + name.size() - 1, number);
    return sqlite3_bind_parameter_index(statement, name.data());
}

int bind_value(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* integer = value.integer())
        return sqlite3_bind_int64(statement, index, *integer);
    if (const auto* text = value.text())
        return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
    return sqlite3_bind_null(statement, index);
}

}  // namespace

void Connection::CloseConnection::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Connection::Connection(const std::string& path, Role role) {
    sqlite3* handle = nullptr;
    const int access =
        role == Role::Foreign ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int status =
        sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    if (status != SQLITE_OK) fail("open");
    configure(role);
}

void Connection::configure(Role role) {
    sqlite3_extended_result_codes(handle_.get(), 1);
    sqlite3_busy_timeout(handle_.get(), kBusyTimeoutMs);
    if (role == Role::Foreign) {
        // What its views and its schema may call is not ours to know.
        sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        return;
    }
    execute("PRAGMA foreign_keys = ON");
    execute("PRAGMA temp_store = MEMORY");
    if (role == Role::Memory) return;

    const auto mode = query("PRAGMA journal_mode = WAL", {});
    if (mode.size() != 1 || mode.front().text(0) != "wal")
        throw Failure("sqlite: this file system does not support write-ahead logging", false);
    // FULL: an acknowledged commit survives a power cut. NORMAL may lose the last ones in WAL mode.
    execute(role == Role::Writer ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    // SQLite before 3.51.3 can corrupt the database when one connection resets the log while
    // another checkpoints. So only the writer does either, between its own transactions: no
    // automatic checkpoints, and readers leave the log alone when they close.
    sqlite3_wal_autocheckpoint(handle_.get(), 0);
    if (role == Role::Reader) {
        sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        execute("PRAGMA query_only = ON");
    } else {
        sqlite3_wal_hook(handle_.get(), &Connection::on_commit, this);
        execute("PRAGMA cache_size = -8192");
    }
}

int Connection::on_commit(void* connection, sqlite3*, const char*, int pages) {
    auto& self = *static_cast<Connection*>(connection);
    self.wal_pages_ = pages;
    self.refused_ = false;
    return SQLITE_OK;
}

void Connection::fail(std::string_view sql) {
    const int code = sqlite3_extended_errcode(handle_.get());
    const auto what =
        fmt::format("sqlite: {} [{}] in: {}", sqlite3_errmsg(handle_.get()), code, summary_of(sql));
    if ((code & 0xff) == SQLITE_CONSTRAINT) throw ConstraintViolation(what);
    const bool is_io_error = (code & 0xff) == SQLITE_IOERR;
    if (is_io_error || (code & 0xff) == SQLITE_FULL) refused_ = true;
    // A failed write or sync of the log during COMMIT may still have left a complete commit record
    // in the file, which a restart would honour.
    throw Failure(what, is_io_error && sql == "COMMIT");
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
    if (const auto known = statements_.find(sql); known != statements_.end())
        return known->second.get();
    check(sql.size() < std::numeric_limits<int>::max(), "a statement fits in an int");
    if (statements_.size() >= kStatementsMax) statements_.clear();

    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int status = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &raw, &tail);
    Statement statement(raw);
    if (status != SQLITE_OK) fail(sql);
    const auto rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
    if (!statement || rest.find_first_not_of(kBlank) != std::string_view::npos)
        throw Failure("sqlite: not exactly one statement: " + summary_of(sql), false);
    return statements_.emplace(sql, std::move(statement)).first->second.get();
}

void Connection::bind(sqlite3_stmt* statement, std::span<const Value> parameters,
                      std::string_view sql) {
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != parameters.size())
        throw Failure(fmt::format("sqlite: {} parameters given, {} in: {}", parameters.size(),
                                  sqlite3_bind_parameter_count(statement), summary_of(sql)),
                      false);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto* text = parameters[i].text();
        // PostgreSQL cannot store it, and libpq would cut the text there without a word.
        if (text != nullptr && text->contains('\0'))
            throw Failure("sqlite: text with a NUL byte for: " + summary_of(sql), false);
        const int index = index_of(statement, i + 1);
        if (index == 0)
            throw Failure(fmt::format("sqlite: no ${} in: {}", i + 1, summary_of(sql)), false);
        if (bind_value(statement, index, parameters[i]) != SQLITE_OK) fail(sql);
    }
}

std::vector<Row> Connection::query(std::string_view sql, std::span<const Value> parameters) {
    sqlite3_stmt* statement = prepare(sql);
    const Lease lease(statement);
    bind(statement, parameters, sql);

    const auto before = sqlite3_total_changes64(handle_.get());
    std::vector<Row> rows;
    int status = sqlite3_step(statement);
    for (; status == SQLITE_ROW; status = sqlite3_step(statement))
        rows.push_back(read_row(statement));
    if (status != SQLITE_DONE) fail(sql);
    // sqlite3_changes keeps the count of an earlier statement when this one cannot change rows.
    const bool changed = sqlite3_total_changes64(handle_.get()) != before;
    changes_ = changed ? sqlite3_changes64(handle_.get()) : 0;
    return rows;
}

void Connection::execute(std::string_view sql) { query(sql, {}); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Connection::checkpoint(Checkpoint how) {
    const int mode = how == Checkpoint::Passive   ? SQLITE_CHECKPOINT_PASSIVE
                     : how == Checkpoint::Restart ? SQLITE_CHECKPOINT_RESTART
                                                  : SQLITE_CHECKPOINT_TRUNCATE;
    sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, mode, nullptr, nullptr);
}

std::vector<Row> ConnectionTransaction::all(std::string_view sql,
                                            std::span<const Value> parameters) {
    if (failed_) throw Failure("an earlier statement of this transaction failed", false);
    failed_ = true;
    auto rows = connection_.query(sql, parameters);
    failed_ = false;
    return rows;
}

std::int64_t ConnectionTransaction::run(std::string_view sql, std::span<const Value> parameters) {
    all(sql, parameters);
    return connection_.changes();
}

void Connection::copy_to(const std::string& path) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int opened = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    const std::unique_ptr<sqlite3, CloseConnection> copy(handle);
    if (opened != SQLITE_OK) throw Failure("sqlite: cannot make " + path, false);
    constexpr int kAllPages = -1;
    sqlite3_backup* backup = sqlite3_backup_init(handle, "main", handle_.get(), "main");
    if (backup != nullptr) sqlite3_backup_step(backup, kAllPages);
    const int copied = backup == nullptr ? SQLITE_ERROR : sqlite3_backup_finish(backup);
    if (copied != SQLITE_OK)
        throw Failure(fmt::format("sqlite: cannot copy to {}: {}", path, sqlite3_errmsg(handle)),
                      false);
}

}  // namespace turnpike::sql::sqlite
