#include "sql/testing.h"

#include <atomic>
#include <cstdlib>
#include <ostream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sql/ledger_migrations.h"

namespace turnpike::sql {
namespace {

std::unique_ptr<Database> open_or_throw(const DatabaseConfig& config) {
    auto database = Database::open(config);
    if (!database) throw std::runtime_error(database.error().message);
    return *std::move(database);
}

std::unique_ptr<Database> open_migrated(const std::string& url) {
    auto database = open_or_throw({.url = url});
    const auto applied = migrate(*database, ledger_migrations(), from_unix_seconds(0));
    if (!applied) throw std::runtime_error(applied.error().message);
    return database;
}

/// Our schema lives exactly as long as the Database in it.
class SchemaDatabase final : public Database {
public:
    explicit SchemaDatabase(std::string url)
        : schema_(std::move(url)), inner_(open_migrated(schema_.url())) {}

    [[nodiscard]] std::string_view engine() const override { return inner_->engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_->backlog(); }
    void submit(Kind kind, Job job, Done done) override {
        inner_->submit(kind, std::move(job), std::move(done));
    }

private:
    TestSchema schema_;
    std::unique_ptr<Database> inner_;
};

void run_alone(const std::string& url, const std::string& statement) {
    auto database = open_or_throw({.url = url, .connections = 1});
    database->write_blocking([&](Transaction& tx) { return tx.run(statement); });
}

}  // namespace

std::unique_ptr<Database> open_test_database(std::string_view url) {
    if (url.starts_with("sqlite:")) return open_migrated(std::string(url));
    return std::make_unique<SchemaDatabase>(std::string(url));
}

TestSchema::TestSchema(std::string url)
    : outer_url_(std::move(url)), name_("test_" + to_hex(random_bytes(8))) {
    run_alone(outer_url_, "CREATE SCHEMA " + name_);
    const char separator = outer_url_.contains('?') ? '&' : '?';
    inner_url_ = fmt::format("{}{}options=-csearch_path%3D{}", outer_url_, separator, name_);
}

TestSchema::~TestSchema() {
    try {
        run_alone(outer_url_, fmt::format("DROP SCHEMA {} CASCADE", name_));
    } catch (const std::exception& error) {
        ADD_FAILURE() << "schema " << name_ << " stays behind: " << error.what();
    }
}

TempFolder::TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "turnpike-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void PrintTo(Engine engine, std::ostream* out) {
    *out << (engine == Engine::Sqlite ? "sqlite" : "postgres");
}

std::string engine_name(const ::testing::TestParamInfo<Engine>& info) {
    return info.param == Engine::Sqlite ? "sqlite" : "postgres";
}

std::string postgres_test_url() {
    // Tests read their environment before they start threads, and nothing writes it.
    const char* url = std::getenv("TURNPIKE_TEST_POSTGRES");  // NOLINT(concurrency-mt-unsafe)
    return url == nullptr ? "" : url;
}

void DatabaseTest::SetUp() {
    std::string url = "sqlite::memory:";
    if (GetParam() == Engine::Postgres) {
        url = postgres_test_url();
        if (url.empty())
            GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set: this rule is NOT checked on "
                            "PostgreSQL in this run (see tests/postgres.sh)";
    }
    db_ = open_test_database(url);
}

}  // namespace turnpike::sql
