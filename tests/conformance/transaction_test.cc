#include <limits>
#include <string>

#include "conformance/things.h"

namespace turnpike::sql {
namespace {

constexpr std::string_view kInsert = "INSERT INTO things (key, count) VALUES ($1, $2)";

class TransactionTest : public ThingsTest {};
INSTANTIATE_TEST_SUITE_P(Engines, TransactionTest, both_engines(), engine_name);

TEST_P(TransactionTest, CommitsWhatAJobReturns) {
    const auto changed = db().write_blocking(
        [](Transaction& tx) -> Result<std::int64_t> { return tx.run(kInsert, {"a", 1}); });
    ASSERT_TRUE(changed);
    EXPECT_EQ(*changed, 1);
    EXPECT_EQ(count_of("a"), 1);
}

TEST_P(TransactionTest, AnErrorAsAValueRollsBack) {
    const auto result = db().write_blocking([](Transaction& tx) -> Result<int> {
        tx.run(kInsert, {"a", 1});
        return conflict("test.changed_its_mind", "no");
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, Reason("test.changed_its_mind"));
    EXPECT_EQ(rows(), 0);
}

TEST_P(TransactionTest, AnExceptionRollsBackAndComesOut) {
    struct Surprise {
        int number;
    };
    try {
        db().write_blocking([](Transaction& tx) -> int {
            tx.run(kInsert, {"a", 1});
            throw Surprise{7};
        });
        FAIL() << "nothing came out";
    } catch (const Surprise& surprise) {
        EXPECT_EQ(surprise.number, 7);
    }
    EXPECT_EQ(rows(), 0);
}

TEST_P(TransactionTest, SeesItsOwnWrites) {
    const auto seen = db().write_blocking([](Transaction& tx) {
        tx.run(kInsert, {"a", 5});
        tx.run("UPDATE things SET count = count + 1 WHERE key = $1", {"a"});
        return tx.one("SELECT count FROM things WHERE key = $1", {"a"})->integer(0);
    });
    EXPECT_EQ(seen, 6);
}

TEST_P(TransactionTest, ReadsRefuseToWrite) {
    EXPECT_THROW(db().read_blocking([](Transaction& tx) { return tx.run(kInsert, {"a", 1}); }),
                 Failure);
    EXPECT_EQ(rows(), 0);
    insert("b", 1);  // and writing goes on afterwards
    EXPECT_EQ(rows(), 1);
}

TEST_P(TransactionTest, EachBrokenConstraintIsAViolation) {
    struct Case {
        const char* name;
        const char* statement;
    };
    const Case cases[] = {
        {"unique", "INSERT INTO things (key, count) VALUES ('a', 2)"},
        {"check", "INSERT INTO things (key, count) VALUES ('b', 101)"},
        {"check on update", "UPDATE things SET count = 101 WHERE key = 'a'"},
        {"not null", "INSERT INTO things (key, count) VALUES ('b', NULL)"},
        {"foreign key", "INSERT INTO things (key, count, parent) VALUES ('b', 1, 'nobody')"},
        {"foreign key on delete", "DELETE FROM things WHERE key = 'a'"},
    };
    insert("a", 1);
    db().write_blocking([](Transaction& tx) {
        return tx.run("INSERT INTO things (key, count, parent) VALUES ('child', 1, 'a')");
    });
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THROW(db().write_blocking([&](Transaction& tx) { return tx.run(c.statement); }),
                     ConstraintViolation);
        EXPECT_EQ(rows(), 2);
        EXPECT_EQ(count_of("a"), 1);
    }
}

TEST_P(TransactionTest, AJobCannotGoOnAfterAFailedStatement) {
    insert("a", 1);
    const auto go_on = [](Transaction& tx) {
        tx.run(kInsert, {"b", 1});
        try {
            tx.run(kInsert, {"a", 2});
        } catch (const ConstraintViolation&) {
            return true;  // as if nothing had happened
        }
        return false;
    };
    EXPECT_THROW(db().write_blocking(go_on), Failure);
    EXPECT_EQ(rows(), 1);

    EXPECT_THROW(db().write_blocking([&](Transaction& tx) {
        go_on(tx);
        return tx.run(kInsert, {"c", 1});
    }),
                 Failure);
    EXPECT_EQ(rows(), 1);
}

TEST_P(TransactionTest, ErrorsNameTheStatementAndNoValue) {
    insert("s3cret", 1);
    try {
        insert("s3cret", 2);
        FAIL() << "no violation";
    } catch (const ConstraintViolation& violation) {
        const std::string what = violation.what();
        EXPECT_TRUE(what.contains("INSERT INTO things (key, count) VALUES ($1, $2)")) << what;
        EXPECT_FALSE(what.contains("s3cret")) << what;
        EXPECT_FALSE(violation.outcome_unknown());
    }
    try {
        db().read_blocking([](Transaction& tx) {
            return tx.one("SELECT nothing FROM things WHERE key = $1", {"s3cret"}).has_value();
        });
        FAIL() << "no failure";
    } catch (const Failure& failure) {
        const std::string what = failure.what();
        EXPECT_TRUE(what.contains("SELECT nothing")) << what;
        EXPECT_FALSE(what.contains("s3cret")) << what;
    }
}

TEST_P(TransactionTest, KeepsEveryValueExactly) {
    struct Case {
        const char* name;
        Value count;
        Value note;
    };
    constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    const Case cases[] = {
        {"null is not empty", 1, nullptr},
        {"empty is not null", 1, ""},
        {"the least integer", kLeast, "x"},
        {"digits stay text", 1, "007"},
        {"quotes and percent", 1, "it's 100% \"fine\"; -- $1 ?"},
        {"beyond ASCII", 1, "zw\xC3\xB6lf \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"several lines", 1, "a\nb\r\n\tc"},
        {"long", 1, std::string(100'000, 'x')},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto row = db().write_blocking([&](Transaction& tx) {
            tx.run("DELETE FROM things");
            tx.run("INSERT INTO things (key, count, note) VALUES ('k', $1, $2)", {c.count, c.note});
            return *tx.one("SELECT count, note FROM things");
        });
        EXPECT_EQ(row.integer(0), *c.count.integer());
        EXPECT_EQ(row.is_null(1), c.note.is_null());
        EXPECT_EQ(row.maybe_text(1),
                  c.note.is_null() ? std::nullopt : std::optional(*c.note.text()));
    }
}

TEST_P(TransactionTest, TheLargestIntegerSurvives) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const auto read_back = db().read_blocking(
        [](Transaction& tx) { return tx.one("SELECT $1", {kMost})->integer(0); });
    EXPECT_EQ(read_back, kMost);
}

TEST_P(TransactionTest, SumsAndComparisonsAreIntegers) {
    insert("a", 40);
    insert("b", 2);
    const auto row = db().read_blocking([](Transaction& tx) {
        return *tx.one(R"sql(
            SELECT SUM(count), COUNT(*), MAX(count), EXISTS (SELECT 1 FROM things), 1 = 2
              FROM things
        )sql");
    });
    EXPECT_EQ(row.integer(0), 42);
    EXPECT_EQ(row.integer(1), 2);
    EXPECT_EQ(row.integer(2), 40);
    EXPECT_TRUE(row.flag(3));
    EXPECT_FALSE(row.flag(4));
}

TEST_P(TransactionTest, TextWithANulByteIsRefusedNotCut) {
    using namespace std::string_literals;
    EXPECT_THROW(insert("a\0b"s, 1), Failure);
    EXPECT_EQ(rows(), 0);
}

TEST_P(TransactionTest, AStatementIsOneStatementWithAllItsParameters) {
    struct Case {
        const char* name;
        const char* statement;
        std::vector<Value> parameters;
    };
    const Case cases[] = {
        {"two statements",
         "INSERT INTO things (key, count) VALUES ('x', 1); DELETE FROM things",
         {}},
        {"a parameter too few", kInsert.data(), {"a"}},
        {"syntax", "INSERT things", {}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THROW(
            db().write_blocking([&](Transaction& tx) { return tx.run(c.statement, c.parameters); }),
            Failure);
    }
    EXPECT_EQ(rows(), 0);
}

TEST_P(TransactionTest, PlaceholdersMayRepeatAndComeInAnyOrder) {
    const auto row = db().write_blocking([](Transaction& tx) {
        tx.run("INSERT INTO things (count, key, note) VALUES ($2, $1, $1)", {"k", 9});
        return *tx.one("SELECT key, count, note FROM things WHERE count = $2 AND key = $1",
                       {"k", 9});
    });
    EXPECT_EQ(row.text(0), "k");
    EXPECT_EQ(row.integer(1), 9);
    EXPECT_EQ(row.text(2), "k");
}

TEST_P(TransactionTest, OneTextServesNullAndNotNull) {
    const auto find = [this](const Value& note) {
        return db().write_blocking([&](Transaction& tx) {
            tx.run("DELETE FROM things");
            tx.run("INSERT INTO things (key, count, note) VALUES ('k', 1, $1)", {note});
            return tx.one("SELECT note FROM things")->maybe_text(0);
        });
    };
    EXPECT_EQ(find("one"), "one");
    EXPECT_EQ(find(nullptr), std::nullopt);
    EXPECT_EQ(find("two"), "two");
}

TEST_P(TransactionTest, OnConflictReturnsTheRowThatWasMade) {
    constexpr std::string_view kAdd = R"sql(
        INSERT INTO things (key, count) VALUES ($1, $2)
            ON CONFLICT (key) DO UPDATE SET count = things.count + excluded.count
        RETURNING count
    )sql";
    constexpr std::string_view kOnce = R"sql(
        INSERT INTO things (key, count) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING key
    )sql";
    db().write_blocking([&](Transaction& tx) {
        EXPECT_EQ(tx.one(kAdd, {"a", 3})->integer(0), 3);
        EXPECT_EQ(tx.one(kAdd, {"a", 4})->integer(0), 7);
        EXPECT_FALSE(tx.one(kOnce, {"a", 1}));
        EXPECT_EQ(tx.one(kOnce, {"b", 1})->text(0), "b");
        return 0;
    });
    EXPECT_EQ(count_of("a"), 7);
}

TEST_P(TransactionTest, CountsChangedRows) {
    insert("a", 1);
    insert("b", 2);
    db().write_blocking([](Transaction& tx) {
        EXPECT_EQ(tx.run("UPDATE things SET count = count + 1"), 2);
        EXPECT_EQ(tx.run("UPDATE things SET count = 0 WHERE key = $1", {"zz"}), 0);
        EXPECT_EQ(tx.run("INSERT INTO things (key, count) VALUES ('b', 1) ON CONFLICT DO NOTHING"),
                  0);
        EXPECT_EQ(tx.run("DELETE FROM things WHERE count > $1", {0}), 2);
        EXPECT_EQ(tx.run("CREATE TABLE others (key TEXT)"), 0);
        return 0;
    });
}

}  // namespace
}  // namespace turnpike::sql
