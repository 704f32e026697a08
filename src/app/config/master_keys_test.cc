#include "app/config/master_keys.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "app/config/data_dir.h"
#include "app/config/sealed_columns.h"
#include "sql/ledger_migrations.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

const std::string kOldKey(64, 'a'), kNewKey(64, 'b');

class MasterKeysTest : public sql::DatabaseTest {
protected:
    [[nodiscard]] Config config() const {
        Config config;
        config.data_dir = folder_.path().string();
        return config;
    }
    [[nodiscard]] Config config_with(const std::string& keys) const {
        auto given = config();
        given.master_keys = Secret(keys);
        return given;
    }
    std::string reason(const Config& config) {
        const auto box = open_secret_box(config, db());
        return box ? "" : std::string(box.error().reason.text());
    }
    std::string sealed(const std::string& name) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return tx.one("SELECT sealed_value FROM server_secrets WHERE name = $1", {name})
                ->text(0);
        });
    }
    sql::TempFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(, MasterKeysTest, sql::both_engines(), sql::engine_name);

TEST_P(MasterKeysTest, ANewLedgerGetsAKeyOfItsOwnForItsOwnerOnly) {
    ASSERT_EQ(reason(config()), "");
    const auto path = own_key_file(config());
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_TRUE(read_master_keys(*read_text_file(path)));
    EXPECT_EQ(reason(config()), "") << "and opens with it from then on";
}

TEST_P(MasterKeysTest, ALostKeyIsMissedAndNoOtherIsMade) {
    ASSERT_EQ(reason(config()), "");
    fs::rename(own_key_file(config()), own_key_file(config()) + ".away");
    EXPECT_EQ(reason(config()), "secrets.no_key");
    EXPECT_FALSE(fs::exists(own_key_file(config())));
}

TEST_P(MasterKeysTest, AWrongKeyIsRefused) {
    ASSERT_EQ(reason(config_with(kOldKey)), "");
    EXPECT_EQ(reason(config_with(kNewKey)), "secrets.wrong_key");
    EXPECT_EQ(reason(config_with(kNewKey + "," + kOldKey)), "");
    EXPECT_FALSE(fs::exists(own_key_file(config()))) << "a given key is not kept";
}

TEST_P(MasterKeysTest, AKeyComesFromItsFile) {
    auto given = config();
    given.master_key_file = folder_.path().string() + "/given";
    std::ofstream(given.master_key_file) << kOldKey << "\n";
    ASSERT_EQ(reason(given), "");
    EXPECT_EQ(reason(config_with(kOldKey)), "");
}

TEST_P(MasterKeysTest, AServerSecretStaysWhatItWas) {
    const auto box = open_secret_box(config_with(kOldKey), db());
    ASSERT_TRUE(box);
    const auto first = server_secret(db(), *box, "cursors", 32);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->reveal().size(), 32U);
    EXPECT_EQ(server_secret(db(), *box, "cursors", 32)->reveal(), first->reveal());
    EXPECT_NE(server_secret(db(), *box, "others", 32)->reveal(), first->reveal());
    EXPECT_FALSE(sealed("cursors").contains(first->reveal()));
}

TEST_P(MasterKeysTest, AfterResealingTheFirstKeyOpensAll) {
    const auto old = open_secret_box(config_with(kOldKey), db());
    ASSERT_TRUE(old);
    std::set<std::string> before;
    // More than a page of them.
    for (int i = 0; i < 250; ++i)
        before.insert(server_secret(db(), *old, "s" + std::to_string(i), 8)->reveal());
    const auto both = open_secret_box(config_with(kNewKey + "," + kOldKey), db());
    ASSERT_TRUE(both);
    const auto report = reseal(db(), *both, [](std::uint64_t) {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->checked, 251U) << "and the one that proves the key";
    EXPECT_EQ(report->resealed, 251U);
    EXPECT_EQ(reason(config_with(kOldKey)), "secrets.wrong_key");
    const auto fresh = open_secret_box(config_with(kNewKey), db());
    ASSERT_TRUE(fresh);
    std::set<std::string> after;
    for (int i = 0; i < 250; ++i)
        after.insert(server_secret(db(), *fresh, "s" + std::to_string(i), 8)->reveal());
    EXPECT_EQ(after, before);
    EXPECT_EQ(reseal(db(), *fresh, [](std::uint64_t) {})->resealed, 0U);
}

TEST(SealedColumns, AreAllThatTheSchemaHas) {
    std::set<std::string> expected;
    const std::regex table(R"(CREATE TABLE (\w+))"), column(R"(^ +(sealed_\w+) +TEXT)");
    std::string name;
    for (const auto& migration : ledger_migrations()) {
        std::istringstream lines{std::string(migration.sql)};
        for (std::string line; std::getline(lines, line);) {
            std::smatch found;
            if (std::regex_search(line, found, table)) name = found[1];
            if (std::regex_search(line, found, column)) expected.insert(name + "." + found.str(1));
        }
    }
    std::set<std::string> listed;
    for (const auto& one : sealed_columns())
        listed.insert(std::string(one.table) + "." + std::string(one.column));
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(listed, expected);
}

}  // namespace
}  // namespace turnpike
