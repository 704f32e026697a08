#include "audit/sealing.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Instant kNow = from_unix_seconds(1'700'000'000);

/// By hand, from the words of chain.h.
TEST(AuditChain, HashesEveryFieldWithItsLength) {
    const StoredRecord record{
        "aud_1", from_unix_seconds(1), "admin:root", "plan.created", "plan_1", "", "req_1", "{}"};
    const std::string zeroes(64, '0');
    EXPECT_EQ(
        chain_hash(zeroes, 1, record),
        to_hex(sha256("turnpike audit 1\n64:" + zeroes +
                      "1:15:aud_17:100000010:admin:root12:plan.created6:plan_10:5:req_12:{}")));
}

class SealingTest : public sql::DatabaseTest {
protected:
    void add(int count, Instant at = kNow) {
        db().write_blocking([&](sql::Transaction& tx) {
            for (int i = 0; i < count; ++i) {
                AuditEntry entry{at + std::chrono::milliseconds(i), "admin:root", "thing.made",
                                 "obj_" + std::to_string(i),        "",           "req_1"};
                entry.detail["n"] = i;
                record(tx, entry, ids_);
            }
            return true;
        });
    }
    std::int64_t seal(Instant at = kNow) {
        return db().write_blocking([&](sql::Transaction& tx) { return seal_audit(tx, at); });
    }
    ChainEnd end() { return db().read_blocking(audit_end); }
    std::vector<std::string> problems(const std::vector<SignedHead>& heads = {}) {
        std::vector<std::string> found;
        notes_.clear();
        const AuditListener listener{
            .problem = [&](const std::string& what) { found.push_back(what); },
            .note = [&](const std::string& what) { notes_.push_back(what); },
            .progress = [](std::uint64_t, std::uint64_t) {}};
        verify_audit(db(), heads, listener);
        return found;
    }
    void tamper(const std::string& sql) {
        db().write_blocking([&](sql::Transaction& tx) { return tx.run(sql); });
    }
    SeededIdSource ids_{3};
    const SigningKey key_{Secret(std::string(32, 'k'))};
    std::vector<std::string> notes_;
};
INSTANTIATE_TEST_SUITE_P(, SealingTest, sql::both_engines(), sql::engine_name);

TEST_P(SealingTest, ChainsWhatWasCommittedInOrder) {
    EXPECT_EQ(end(), ChainEnd::beginning());
    EXPECT_EQ(seal(), 0);
    add(3);
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_EQ(notes_, std::vector<std::string>{"3 records are not in the chain yet"});
    EXPECT_EQ(seal(), 3);
    const auto first = end();
    EXPECT_EQ(first.sequence, 3);
    add(2, kNow + std::chrono::seconds(1));
    EXPECT_EQ(seal(kNow + std::chrono::seconds(2)), 2);
    EXPECT_EQ(end().sequence, 5);
    EXPECT_NE(end().hash, first.hash);
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_THAT(notes_, IsEmpty());
}

TEST_P(SealingTest, TakesABoundedNumberAtATime) {
    add(kSealedAtOnce + 3);
    EXPECT_EQ(seal(), kSealedAtOnce);
    EXPECT_EQ(seal(), 3);
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_P(SealingTest, SaysWhatWasDone) {
    add(9);
    seal();
    tamper("UPDATE audit_events SET actor = 'admin:eve' WHERE sequence = 4");
    EXPECT_THAT(problems(), testing::ElementsAre(HasSubstr("record 4 (aud_")));
    tamper("UPDATE audit_events SET actor = 'admin:root' WHERE sequence = 4");
    EXPECT_THAT(problems(), IsEmpty());
    tamper("DELETE FROM audit_events WHERE sequence = 6");
    EXPECT_THAT(problems(), testing::Contains(HasSubstr("records 6 to 6 are missing")));
}

TEST_P(SealingTest, ACutOffEndIsFoundByTheRowThatRemembersIt) {
    add(5);
    seal();
    tamper("DELETE FROM audit_events WHERE sequence = 5");
    EXPECT_THAT(problems(), testing::Contains(HasSubstr("ends at 4, and it ended at 5")));
}

/// Who can rewrite everything in the database can make a sound chain of lies; a head shows it.
TEST_P(SealingTest, AHeadFindsAChainThatWasMadeAnew) {
    add(5);
    seal();
    const auto head = sign_head(key_, end(), kNow);
    EXPECT_THAT(problems({head}), IsEmpty());
    tamper("UPDATE audit_events SET sequence = NULL, chain_hash = NULL");
    tamper("UPDATE audit_events SET actor = 'admin:eve' WHERE object_id = 'obj_1'");
    tamper("DELETE FROM audit_chain_end");
    seal();
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_THAT(problems({head}), testing::ElementsAre(HasSubstr("another hash for record 5")));
    tamper("DELETE FROM audit_events WHERE sequence = 5");
    tamper(
        "UPDATE audit_chain_end SET sequence = 4, hash = (SELECT chain_hash FROM audit_events "
        "WHERE sequence = 4)");
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_THAT(problems({head}),
                testing::ElementsAre(HasSubstr("there are 5 records; there are 4")));
}

TEST_P(SealingTest, WhatIsPutInLaterIsFound) {
    add(3);
    seal(kNow + std::chrono::hours(1));
    add(1, kNow + std::chrono::seconds(5));
    EXPECT_THAT(problems(), testing::ElementsAre(HasSubstr("was put in later than it says")));
}

TEST(SignedHeads, AreReadOnlyWithTheirSignature) {
    const SigningKey key(Secret(std::string(32, 'k'))), other(Secret(std::string(32, 'o')));
    const auto head = sign_head(key, {7, std::string(64, 'a')}, kNow);
    const auto line = write_head(head);
    const auto read = read_head(line, key.public_key());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->end, head.end);
    EXPECT_EQ(read->at, kNow);
    EXPECT_FALSE(read_head(line, other.public_key()));
    auto changed = line;
    changed.replace(changed.find(":7,"), 3, ":8,");
    EXPECT_FALSE(read_head(changed, key.public_key()));
    for (const char* bad : {"", "{}", "[]", "{\"sequence\":1}", "no"})
        EXPECT_FALSE(read_head(bad, key.public_key())) << bad;
}

/// One of each kind of misdeed, at random, a thousand times.
class Tampers {
public:
    explicit Tampers(sql::Transaction& tx) : tx_(tx) {}
    void one(std::mt19937& random, std::int64_t count) {
        const auto pick = [&](std::int64_t most) {
            return std::uniform_int_distribution<std::int64_t>(1, most)(random);
        };
        const auto at = pick(count);
        constexpr const char* kFields[] = {"id",          "actor",      "action", "object_id",
                                           "customer_id", "request_id", "detail", "chain_hash"};
        switch (pick(5)) {
            case 1: {
                const std::string field = kFields[pick(std::size(kFields)) - 1];
                tx_.run("UPDATE audit_events SET " + field + " = " + field +
                            " || 'x' WHERE sequence = $1",
                        {at});
                return;
            }
            case 2:
                tx_.run("UPDATE audit_events SET at = at + 1 WHERE sequence = $1", {at});
                return;
            case 3: tx_.run("DELETE FROM audit_events WHERE sequence = $1", {at}); return;
            case 4: swap(at, at == count ? 1 : at + 1); return;
            default: insert(at, count); return;
        }
    }

private:
    void swap(std::int64_t a, std::int64_t b) {
        tx_.run("UPDATE audit_events SET sequence = -1 WHERE sequence = $1", {a});
        tx_.run("UPDATE audit_events SET sequence = $2 WHERE sequence = $1", {b, a});
        tx_.run("UPDATE audit_events SET sequence = $1 WHERE sequence = -1", {b});
    }
    /// At the end, or with everything behind it moved on.
    void insert(std::int64_t at, std::int64_t count) {
        for (auto n = count; n >= at; --n)
            tx_.run("UPDATE audit_events SET sequence = $2 WHERE sequence = $1", {n, n + 1});
        tx_.run(R"sql(
            INSERT INTO audit_events (id, at, actor, action, object_id, customer_id, request_id,
                                      detail, sequence, chain_hash)
            SELECT 'aud_x', at, actor, action, object_id, customer_id, request_id, detail, $1,
                   chain_hash
              FROM audit_events WHERE sequence = $2
        )sql",
                {at, at == count ? count - 1 : at + 1});
    }
    sql::Transaction& tx_;
};

TEST_P(SealingTest, FindsEveryOneOfAThousandTampers) {
    constexpr int kRecords = 20;
    const int tampers = db().engine() == "sqlite" ? 1'000 : 50;
    add(kRecords);
    seal();
    tamper("CREATE TABLE kept AS SELECT * FROM audit_events");
    std::mt19937 random(7);
    for (int i = 0; i < tampers; ++i) {
        SCOPED_TRACE(i);
        db().write_blocking([&](sql::Transaction& tx) {
            Tampers(tx).one(random, kRecords);
            return true;
        });
        ASSERT_FALSE(problems().empty());
        tamper("DELETE FROM audit_events");
        tamper("INSERT INTO audit_events SELECT * FROM kept");
    }
    EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace turnpike
