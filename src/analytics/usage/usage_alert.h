#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access/cursor.h"
#include "analytics/usage/usage_threshold.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "metering/counter.h"
#include "sql/sql.h"

namespace turnpike {

/// The event usage.threshold_reached: there is one for each threshold of a counter in a window, for
/// ever, whatever becomes of the counter.
struct UsageAlert {
    UsageAlertId id;
    CustomerId customer;
    Contract contract;
    std::string meter_key, meter_name;
    Reset reset;
    Period window;  ///< alert_window()
    Threshold threshold;
    std::optional<Currency> currency;  ///< of a spend cap under a subscription, when loaded
    /// When it was noticed: a moment behind the usage, or as late as the figures of usage are.
    Instant crossed_at;
};

/// Writes down the thresholds that the counters have reached and that nobody wrote down before.
/// \return those, in the order of the counters
std::vector<UsageAlert> raise_alerts(sql::Transaction& tx,
                                     std::span<const CustomerCounter> counters, Instant now,
                                     IdSource& ids);

struct UsageAlertFilter {
    std::optional<std::string> customer;  ///< id
    std::optional<std::string> meter_key;
    PageQuery page;  ///< its times are those of crossed_at
};
/// Newest first, `page.fetch()` at most.
std::vector<UsageAlert> load_alerts(sql::Transaction& tx, const UsageAlertFilter& filter);

}  // namespace turnpike
