#include "conformance/things.h"

namespace turnpike::sql {
namespace {

constexpr std::string_view kCreate = R"sql(
    CREATE TABLE things (
        key    TEXT   NOT NULL PRIMARY KEY,
        count  BIGINT NOT NULL CHECK (count <= 100),
        parent TEXT   REFERENCES things (key),
        note   TEXT
    )
)sql";
constexpr std::string_view kInsert = "INSERT INTO things (key, count) VALUES ($1, $2)";
constexpr std::string_view kCount = "SELECT count FROM things WHERE key = $1";

}  // namespace

void ThingsTest::SetUp() {
    DatabaseTest::SetUp();
    if (IsSkipped()) return;
    db().write_blocking([](Transaction& tx) { return tx.run(kCreate); });
}

void ThingsTest::insert(std::string_view key, std::int64_t count) {
    db().write_blocking([&](Transaction& tx) { return tx.run(kInsert, {key, count}); });
}

std::int64_t ThingsTest::rows() {
    return db().read_blocking(
        [](Transaction& tx) { return tx.one("SELECT COUNT(*) FROM things")->integer(0); });
}

std::int64_t ThingsTest::count_of(std::string_view key) {
    return db().read_blocking([&](Transaction& tx) {
        const auto row = tx.one(kCount, {key});
        return row ? row->integer(0) : -1;
    });
}

}  // namespace turnpike::sql
