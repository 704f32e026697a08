#include <csignal>
#include <optional>
#include <set>
#include <string>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/testing.h"

namespace turnpike::sql {
namespace {

/// The writer program and the pipe on which it acknowledges.
class Writer {
public:
    Writer(std::string url, std::int64_t first_number) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::string program = LEDGER_WRITER;
        std::string first = std::to_string(first_number);
        char* arguments[] = {program.data(), url.data(), first.data(), nullptr};
        const int status =
            ::posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        acknowledgements_ = ends[0];
        if (status != 0) throw std::runtime_error("cannot start " + program);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        kill_hard();
        ::close(acknowledgements_);
    }

    /// Until `enough` lines are there, or all that comes when it is nullopt.
    void read_lines(std::optional<std::size_t> enough) {
        char buffer[4096];
        while (!enough || lines_ < *enough) {
            const auto got = ::read(acknowledgements_, buffer, sizeof buffer);
            if (got <= 0) return;
            for (const char c : std::string_view(buffer, static_cast<std::size_t>(got))) {
                text_ += c;
                if (c == '\n') ++lines_;
            }
        }
    }
    void kill_hard() {
        if (child_ == 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = 0;
    }
    [[nodiscard]] std::set<std::int64_t> acknowledged() const {
        std::set<std::int64_t> numbers;
        std::size_t start = 0;
        for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', start)) {
            numbers.insert(std::stoll(text_.substr(start, end - start)));
            start = end + 1;
        }
        return numbers;
    }

private:
    pid_t child_ = 0;
    int acknowledgements_ = -1;
    std::string text_;
    std::size_t lines_ = 0;
};

class CrashTest : public ::testing::TestWithParam<Engine> {
protected:
    void SetUp() override {
        if (GetParam() == Engine::Sqlite) {
            url_ = folder_.database_url();
        } else if (postgres_test_url().empty()) {
            GTEST_SKIP() << "TURNPIKE_TEST_POSTGRES is not set: crashes are NOT tried on it";
        } else {
            schema_.emplace(postgres_test_url());
            url_ = schema_->url();
        }
    }
    std::unique_ptr<Database> open() {
        auto database = Database::open({.url = url_});
        if (!database) throw std::runtime_error(database.error().message);
        return *std::move(database);
    }
    TempFolder folder_;
    std::optional<TestSchema> schema_;
    std::string url_;
};
INSTANTIATE_TEST_SUITE_P(Engines, CrashTest, both_engines(), engine_name);

TEST_P(CrashTest, EveryAcknowledgedWriteOutlivesTheProcess) {
    constexpr std::size_t kEnough = 300;
    open()->write_blocking([](Transaction& tx) {
        return tx.run("CREATE TABLE acknowledged (number BIGINT NOT NULL PRIMARY KEY)");
    });
    for (std::int64_t round = 1; round <= 3; ++round) {
        SCOPED_TRACE(round);
        Writer writer(url_, 1'000'000 * round);
        writer.read_lines(kEnough);
        writer.kill_hard();
        writer.read_lines(std::nullopt);
        const auto acknowledged = writer.acknowledged();
        ASSERT_GE(acknowledged.size(), kEnough);

        const auto database = open();
        std::set<std::int64_t> kept;
        const auto rows = database->read_blocking(
            [](Transaction& tx) { return tx.all("SELECT number FROM acknowledged"); });
        for (const Row& row : rows) kept.insert(row.integer(0));
        for (const auto number : acknowledged)
            EXPECT_TRUE(kept.contains(number)) << number << " was acknowledged and is lost";
        if (GetParam() == Engine::Postgres) continue;
        const auto health = database->read_blocking(
            [](Transaction& tx) { return tx.one("PRAGMA integrity_check")->text(0); });
        EXPECT_EQ(health, "ok");
    }
}

}  // namespace
}  // namespace turnpike::sql
