#include "sql/foreign.h"

#include "sql/database.h"
#include "sql/sqlite/connection.h"

namespace turnpike::sql {
namespace {

class ForeignFile final : public ForeignDatabase {
public:
    explicit ForeignFile(const std::string& path) : connection_(path, sqlite::Role::Foreign) {}
    [[nodiscard]] std::string_view engine() const override { return "sqlite"; }
    void read(const std::function<void(Transaction&)>& work) override {
        connection_.execute("BEGIN");
        const RollBack ended(connection_);
        sqlite::ConnectionTransaction tx(connection_);
        work(tx);
    }

private:
    class RollBack {
    public:
        explicit RollBack(sqlite::Connection& connection) : connection_(connection) {}
        RollBack(const RollBack&) = delete;
        RollBack& operator=(const RollBack&) = delete;
        ~RollBack() {
            if (connection_.in_transaction()) connection_.execute("ROLLBACK");
        }

    private:
        sqlite::Connection& connection_;
    };
    sqlite::Connection connection_;
};

class ForeignServer final : public ForeignDatabase {
public:
    explicit ForeignServer(std::unique_ptr<Database> database) : database_(std::move(database)) {}
    [[nodiscard]] std::string_view engine() const override { return "postgres"; }
    void read(const std::function<void(Transaction&)>& work) override {
        database_->read_blocking([&](Transaction& tx) {
            work(tx);
            return true;
        });
    }

private:
    std::unique_ptr<Database> database_;
};

std::string path_of(std::string_view name) {
    constexpr std::string_view kScheme = "sqlite:";
    if (name.starts_with(kScheme)) name.remove_prefix(kScheme.size());
    if (name.starts_with("///")) name.remove_prefix(2);
    return std::string(name);
}

}  // namespace

Result<std::unique_ptr<ForeignDatabase>> ForeignDatabase::open(const std::string& name) {
    if (name.starts_with("postgres:") || name.starts_with("postgresql:")) {
        auto server = Database::open({.url = name, .connections = 1});
        if (!server) return failure(server);
        return std::make_unique<ForeignServer>(*std::move(server));
    }
    try {
        auto file = std::make_unique<ForeignFile>(path_of(name));
        // A file that is no database is noticed by its first statement.
        file->read([](Transaction& tx) { tx.all("SELECT COUNT(*) FROM sqlite_schema"); });
        return file;
    } catch (const Failure& failure) {
        return unavailable("database.unreachable", path_of(name) + ": " + failure.what());
    }
}

}  // namespace turnpike::sql
