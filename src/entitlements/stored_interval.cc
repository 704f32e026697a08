#include "entitlements/stored_interval.h"

#include "base/check.h"
#include "catalog/catalog.h"
#include "sql/known_word.h"

namespace turnpike {

BillingInterval interval_from(const sql::Row& row, std::size_t column) {
    const int count = static_cast<int>(row.integer(column + 1));
    switch (known_word(parse_interval(row.text(column)))) {
        case Interval::Day: return {BillingInterval::Unit::Day, count};
        case Interval::Week: return {BillingInterval::Unit::Week, count};
        case Interval::Month: return {BillingInterval::Unit::Month, count};
        case Interval::Year: return {BillingInterval::Unit::Year, count};
    }
    check(false, "every interval is handled");
    return kDefaultPlanInterval;
}

}  // namespace turnpike
