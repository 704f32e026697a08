#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sql/database.h"

namespace turnpike::sql {

/// A migrated, empty ledger.
///
/// \param url  "sqlite::memory:", "sqlite:PATH", or a postgres:// URL. On PostgreSQL every call
///             makes a schema of its own in that database, dropped with the returned object.
///
/// Throws std::runtime_error when it cannot, so that the test fails.
std::unique_ptr<Database> open_test_database(std::string_view url = "sqlite::memory:");

/// An empty schema, without our tables, in the PostgreSQL database of `url`.
class TestSchema {
public:
    explicit TestSchema(std::string url);
    TestSchema(const TestSchema&) = delete;
    TestSchema& operator=(const TestSchema&) = delete;
    ~TestSchema();

    /// Connections through it see only this schema.
    [[nodiscard]] const std::string& url() const { return inner_url_; }

private:
    std::string outer_url_;
    std::string name_;
    std::string inner_url_;
};

/// A folder of its own, removed with everything in it; for databases that are opened again.
class TempFolder {
public:
    TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string database_url() const {
        return "sqlite:" + (path_ / "ledger.db").string();
    }

private:
    std::filesystem::path path_;
};

/// A ledger that can be taken away: every job fails while it is down, and waits while it hangs.
class FragileDatabase final : public Database {
public:
    explicit FragileDatabase(Database& inner) : inner_(inner) {}
    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    void submit(Kind kind, Job job, Done done) override {
        if (state_ == State::Up) return pass_on(kind, std::move(job), std::move(done));
        if (state_ == State::Hanging) {
            waiting_.push_back({kind, std::move(job), std::move(done)});
            return;
        }
        done(std::make_exception_ptr(Failure("the disk is gone", false)));
    }
    enum class State : std::uint8_t { Down, Hanging, Up };
    /// Back up, it does what waits, on the caller's thread.
    void set(State state) {
        state_ = state;
        if (state != State::Up) return;
        for (auto& [kind, job, done] : std::exchange(waiting_, {}))
            pass_on(kind, std::move(job), std::move(done));
    }

private:
    void pass_on(Kind kind, Job job, Done done) {
        std::exception_ptr error;
        try {
            auto work = [&](Transaction& tx) { return kept(job(tx)); };
            // A roll-back that the job asked for is no failure.
            const auto ended =
                kind == Kind::Write ? inner_.write_blocking(work) : inner_.read_blocking(work);
            static_cast<void>(ended);
        } catch (...) {
            error = std::current_exception();
        }
        done(error);
    }
    /// A job that wants no commit, as a Result that is rolled back.
    static Result<bool> kept(bool commit) {
        if (commit) return true;
        return conflict("test.rolled_back", "the job wants no commit");
    }

    struct Waiting {
        Kind kind;
        Job job;
        Done done;
    };

    Database& inner_;
    State state_ = State::Up;
    std::vector<Waiting> waiting_;
};

/// The engines of a parameterized test.
enum class Engine : bool { Sqlite, Postgres };
// GoogleTest looks for this name.
void PrintTo(Engine engine, std::ostream* out);  // NOLINT(readability-identifier-naming)

/// The same test on both engines:
///
///     class CustomerStore : public sql::DatabaseTest {};
///     TEST_P(CustomerStore, FindsByExternalId) { db().write_blocking(...); }
///     INSTANTIATE_TEST_SUITE_P(, CustomerStore, sql::both_engines(), sql::engine_name);
///
/// Each test has a migrated, empty ledger. Where TURNPIKE_TEST_POSTGRES (a postgres:// URL, see
/// tests/postgres.sh) is not set, the test on PostgreSQL is skipped and says so.
class DatabaseTest : public ::testing::TestWithParam<Engine> {
protected:
    void SetUp() override;
    Database& db() { return *db_; }

private:
    std::unique_ptr<Database> db_;
};

inline auto both_engines() { return ::testing::Values(Engine::Sqlite, Engine::Postgres); }
std::string engine_name(const ::testing::TestParamInfo<Engine>& info);
/// TURNPIKE_TEST_POSTGRES, or "" when it is not set.
std::string postgres_test_url();

}  // namespace turnpike::sql
