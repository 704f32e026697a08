#include "customers/test_clock.h"

#include <string_view>

namespace turnpike {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
)sql";

constexpr std::string_view kLoad = R"sql(
    SELECT id, name, provider, provider_clock_id, frozen_time, created_at
      FROM test_clocks
     WHERE id = $1
)sql";

constexpr std::string_view kList = R"sql(
    SELECT id, name, provider, provider_clock_id, frozen_time, created_at
      FROM test_clocks
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kAdvance = R"sql(
    UPDATE test_clocks
       SET frozen_time = $2
     WHERE id = $1 AND frozen_time <= $2
)sql";

constexpr std::string_view kCustomersOn = R"sql(
    SELECT id FROM customers WHERE test_clock_id = $1 ORDER BY id
)sql";

TestClock from_row(const sql::Row& row) {
    return {row.id<TestClockId>(0), row.text(1),   row.text(2), row.text(3),
            row.instant(4),         row.instant(5)};
}

}  // namespace

void insert_test_clock(sql::Transaction& tx, const TestClock& clock) {
    tx.run(kInsert, {clock.id, clock.name, clock.provider, clock.provider_clock_id,
                     clock.frozen_time, clock.created_at});
}

Result<TestClock> load_test_clock(sql::Transaction& tx, const TestClockId& id) {
    const auto row = tx.one(kLoad, {id});
    if (!row) return not_found("test_clock.not_found", "there is no such test clock");
    return from_row(*row);
}

std::vector<TestClock> list_test_clocks(sql::Transaction& tx, const PageQuery& page) {
    std::vector<TestClock> clocks;
    for (const auto& row :
         tx.all(kList, {page.since, page.until, page.after.at, page.after.id, page.fetch()}))
        clocks.push_back(from_row(row));
    return clocks;
}

bool set_frozen_time(sql::Transaction& tx, const TestClockId& id, Instant frozen_time) {
    return tx.run(kAdvance, {id, frozen_time}) == 1;
}

std::vector<CustomerId> customers_on_clock(sql::Transaction& tx, const TestClockId& id) {
    std::vector<CustomerId> customers;
    for (const auto& row : tx.all(kCustomersOn, {id})) customers.push_back(row.id<CustomerId>(0));
    return customers;
}

}  // namespace turnpike
