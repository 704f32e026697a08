#include "billing/provider/customer_time.h"

namespace turnpike {
namespace {

constexpr std::string_view kFrozenTime = R"sql(
    SELECT t.frozen_time
      FROM customers c JOIN test_clocks t ON t.id = c.test_clock_id
     WHERE c.id = $1
)sql";

}  // namespace

Instant customer_time(sql::Transaction& tx, const CustomerId& customer, Instant system_now) {
    const auto row = tx.one(kFrozenTime, {customer});
    return row ? row->instant(0) : system_now;
}

}  // namespace turnpike
