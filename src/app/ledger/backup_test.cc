#include "app/ledger/backup.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "app/ledger/backup_manifest.h"
#include "base/check.h"
#include "metering/log/crash_testing.h"
#include "metering/log/files/frame.h"
#include "metering/log/usage_log.h"
#include "sql/database.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}
const std::string kMasterKeyText(64, 'c');
void pass(std::uint64_t /*done*/, std::uint64_t /*all*/) {}

TEST(BackupManifest, IsReadAsItWasWritten) {
    const BackupManifest manifest{
        {{"ledger.db", 4096, 0xdeadbeef}, {"usage/segments/00000000000000000001.log", 0, 7}}};
    EXPECT_TRUE(
        manifest.text().starts_with("turnpike backup 1\ndeadbeef 4096 ledger.db\n"
                                    "00000007 0 usage/segments/"));
    const auto read = BackupManifest::parse(manifest.text());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->files, manifest.files);
}

TEST(BackupManifest, AnyOtherByteIsNoticed) {
    const std::string good = BackupManifest{{{"ledger.db", 4096, 0xdeadbeef}}}.text();
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        EXPECT_FALSE(BackupManifest::parse(bad)) << at;
        EXPECT_FALSE(BackupManifest::parse(good.substr(0, at))) << at;
    }
    EXPECT_FALSE(BackupManifest::parse(good + "\n"));
}

TEST(BackupManifest, NoNameLeadsElsewhere) {
    for (const char* name : {"../x", "/x", "a/../x", "a//b", "a/", ".hidden", "", "a b", "a\\b"})
        EXPECT_FALSE(BackupManifest::parse(BackupManifest{{{name, 0, 0}}}.text())) << name;
}

/// The data of a server: a ledger with one table, and a usage log with one event.
class BackupTest : public ::testing::Test {
protected:
    void SetUp() override {
        fs::create_directory(data_);
        write_ledger();
        write_file(data_ + "/master.key", kMasterKeyText);
        const auto log = UsageLog::open(usage_in(data_));
        ASSERT_TRUE(log) << log.error().message;
    }
    static UsageLog::Config usage_in(const std::string& data) {
        return {data + "/usage", frame_bytes(kFramePayloadMax) + 4096, 1'000};
    }
    void write_ledger() const {
        const auto db = sql::Database::open({.url = "sqlite:" + data_ + "/ledger.db"});
        ASSERT_TRUE(db);
        (*db)->write_blocking([](sql::Transaction& tx) {
            tx.run("CREATE TABLE IF NOT EXISTS things (name TEXT NOT NULL)");
            return tx.run("INSERT INTO things VALUES ('thing')");
        });
    }
    static std::int64_t things_in(const std::string& data) {
        const auto db = sql::Database::open({.url = "sqlite:" + data + "/ledger.db"});
        return (*db)->read_blocking(
            [](sql::Transaction& tx) { return tx.one("SELECT COUNT(*) FROM things")->integer(0); });
    }
    [[nodiscard]] auto backup() const { return make_backup(data_, to_, BackupKey::LeftOut, pass); }
    [[nodiscard]] auto restore(const std::string& data,
                               RestoreOver over = RestoreOver::Nothing) const {
        return restore_backup(to_, data, over, pass);
    }

    sql::TempFolder folder_;
    const std::string root_ = folder_.path().string();
    const std::string data_ = root_ + "/data", to_ = root_ + "/backup",
                      restored_ = root_ + "/restored";
};

TEST_F(BackupTest, ComesBackAsItWas) {
    const auto made = backup();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->files, 3U) << "the ledger, the log's key and its segment";
    EXPECT_FALSE(fs::exists(to_ + ".incomplete"));
    for (const auto& entry : fs::recursive_directory_iterator(to_))
        EXPECT_EQ(entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all),
                  fs::perms::none)
            << entry.path() << " is for its owner only";
    const auto restored = restore(restored_);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->bytes, made->bytes);
    EXPECT_EQ(things_in(restored_), 1);
    EXPECT_EQ(bytes_of(restored_ + "/usage/identity-key"), bytes_of(data_ + "/usage/identity-key"));
    EXPECT_TRUE(UsageLog::open(usage_in(restored_)));
}

TEST_F(BackupTest, HasTheMasterKeyOnlyWhenItIsAskedFor) {
    ASSERT_TRUE(backup());
    for (const auto& entry : fs::recursive_directory_iterator(to_)) {
        if (!entry.is_regular_file()) continue;
        EXPECT_FALSE(bytes_of(entry.path()).contains(kMasterKeyText)) << entry.path();
    }
    const std::string with_key = root_ + "/with_key";
    ASSERT_TRUE(make_backup(data_, with_key, BackupKey::Included, pass));
    ASSERT_TRUE(restore_backup(with_key, restored_, RestoreOver::Nothing, pass));
    EXPECT_EQ(bytes_of(restored_ + "/master.key"), kMasterKeyText);
}

TEST_F(BackupTest, TheMasterKeyThatWasThereStays) {
    ASSERT_TRUE(backup());
    ASSERT_TRUE(restore(data_, RestoreOver::OtherData));
    EXPECT_EQ(bytes_of(data_ + "/master.key"), kMasterKeyText);
    EXPECT_EQ(fs::status(data_ + "/master.key").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(BackupTest, OfALedgerInUseHasWhatWasCommitted) {
    const auto db = sql::Database::open({.url = "sqlite:" + data_ + "/ledger.db"});
    ASSERT_TRUE(db);
    (*db)->write_blocking(
        [](sql::Transaction& tx) { return tx.run("INSERT INTO things VALUES ('other')"); });
    ASSERT_TRUE(backup());
    ASSERT_TRUE(restore(restored_));
    EXPECT_EQ(things_in(restored_), 2);
}

TEST_F(BackupTest, ReplacesNothing) {
    ASSERT_TRUE(backup());
    const auto again = backup();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason, Reason("backup.exists"));
    EXPECT_EQ(make_backup(root_ + "/nowhere", to_ + "2", BackupKey::LeftOut, pass).error().reason,
              Reason("data.no_ledger"));
}

TEST_F(BackupTest, IsNotPutOverOtherDataUnlessTold) {
    ASSERT_TRUE(backup());
    write_ledger();
    const auto refused = restore(data_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("restore.not_empty"));
    EXPECT_EQ(things_in(data_), 2);
    ASSERT_TRUE(restore(data_, RestoreOver::OtherData));
    EXPECT_EQ(things_in(data_), 1);
    EXPECT_EQ(things_in(data_ + ".before-restore"), 2);
    EXPECT_EQ(restore(data_, RestoreOver::OtherData).error().reason, Reason("restore.not_empty"))
        << "the first data is still kept";
}

TEST_F(BackupTest, IsNotPutOverTheDataOfARunningServer) {
    ASSERT_TRUE(backup());
    const auto db = sql::Database::open({.url = "sqlite:" + data_ + "/ledger.db"});
    const auto refused = restore(data_, RestoreOver::OtherData);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("database.in_use"));
}

TEST_F(BackupTest, EveryDamagedFileIsNamedAndNothingIsPutInPlace) {
    ASSERT_TRUE(backup());
    const auto manifest = BackupManifest::parse(bytes_of(to_ + "/MANIFEST"));
    ASSERT_TRUE(manifest);
    const auto expect_refused = [&](const std::string& path) {
        const auto refused = restore(restored_);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason("backup.damaged"));
        EXPECT_TRUE(refused.error().message.starts_with(path)) << refused.error().message;
        EXPECT_FALSE(fs::exists(restored_));
    };
    auto names = std::vector<std::string>{"MANIFEST"};
    for (const auto& file : manifest->files)
        if (file.bytes > 0) names.push_back(file.name);
    for (const auto& name : names) {
        SCOPED_TRACE(name);
        const std::string path = to_ + "/" + name, good = bytes_of(path);
        std::string bad = good;
        bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 4);
        write_file(path, bad);
        expect_refused(path);
        write_file(path, good + "x");
        expect_refused(path);
        fs::remove(path);
        expect_refused(path);
        write_file(path, good);
    }
    EXPECT_TRUE(restore(restored_));
}

/// Every 23rd place where the process asks the system for something.
TEST_F(BackupTest, AKillAnywhereLeavesNothingOrAllOfIt) {
    constexpr int kStride = 23;
    int kills = 0;
    for (int stop = 1;; stop += kStride) {
        SCOPED_TRACE(stop);
        fs::remove_all(to_);
        if (!testing::killed_at(stop, [&] { check(backup().has_value(), "it copies"); })) break;
        ++kills;
        if (!fs::exists(to_)) {
            ASSERT_TRUE(backup()) << "the next one goes on";
        }
        fs::remove_all(restored_);
        ASSERT_TRUE(restore(restored_));
        ASSERT_EQ(things_in(restored_), 1);
    }
    EXPECT_GT(kills, 5);
    for (int stop = 1;; stop += kStride) {
        SCOPED_TRACE(stop);
        fs::remove_all(restored_);
        const auto work = [&] { check(restore(restored_).has_value(), "it copies"); };
        if (!testing::killed_at(stop, work)) break;
        if (!fs::exists(restored_)) {
            ASSERT_TRUE(restore(restored_)) << "the next one goes on";
        }
        ASSERT_EQ(things_in(restored_), 1);
    }
}

}  // namespace
}  // namespace turnpike
