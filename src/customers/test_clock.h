#pragma once

#include <string>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// A clock at the provider that stands still until told. For the customers bound to it, now is its
/// frozen time.
struct TestClock {
    TestClockId id;
    std::string name;
    std::string provider;
    std::string provider_clock_id;
    Instant frozen_time;
    Instant created_at;
    friend bool operator==(const TestClock&, const TestClock&) = default;
};

void insert_test_clock(sql::Transaction& tx, const TestClock& clock);
/// Errors: NotFound "test_clock.not_found".
Result<TestClock> load_test_clock(sql::Transaction& tx, const TestClockId& id);
/// Newest first; page.fetch() clocks at most.
std::vector<TestClock> list_test_clocks(sql::Transaction& tx, const PageQuery& page);
/// Moves the clock forward. False, and no change, when it stands at a later time or is not there.
bool set_frozen_time(sql::Transaction& tx, const TestClockId& id, Instant frozen_time);
/// Whose now this clock is, in order of id.
std::vector<CustomerId> customers_on_clock(sql::Transaction& tx, const TestClockId& id);

}  // namespace turnpike
