#include "entitlements/stored_interval.h"

#include "base/check.h"
#include "catalog/catalog.h"

namespace turnpike {

BillingInterval interval_from(const sql::Row& row, std::size_t column) {
    const auto interval = parse_interval(row.text(column));
    check(interval.has_value(), "the ledger holds only words that we wrote");
    const int count = static_cast<int>(row.integer(column + 1));
    switch (*interval) {
        case Interval::Day: return {BillingInterval::Unit::Day, count};
        case Interval::Week: return {BillingInterval::Unit::Week, count};
        case Interval::Month: return {BillingInterval::Unit::Month, count};
        case Interval::Year: return {BillingInterval::Unit::Year, count};
    }
    check(false, "every interval is handled");
    return kDefaultPlanInterval;
}

}  // namespace turnpike
