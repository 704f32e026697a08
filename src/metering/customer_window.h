#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "metering/counter.h"
#include "metering/usage_event.h"
#include "sql/sql.h"

namespace turnpike {

/// Where one customer's usage goes: now, or that of a moment before.
struct CustomerWindow {
    CustomerId customer;
    Contract contract;
    std::shared_ptr<const PlanVersion> plan;  ///< never null
    Period period;
    Instant now;                ///< the customer's: of a test clock where there is one
    std::int64_t revision = 0;  ///< as of UsageWindow
    /// Usage of these moments of the customer's time goes there, from `since` to before `until`.
    Instant since{}, until = Instant::max();
    bool is_on_test_clock = false;
};

/// The moment that usage is placed by: its own time. A time ahead of the customer's now, by a
/// sender's clock or a test clock that stands still, counts now; so does one that only a test clock
/// makes too old.
inline Instant placing_moment(const CustomerWindow& now, Instant time) {
    return time <= now.now && time >= now.now - kEventAgeMax ? time : now.now;
}

/// Who knows subscriptions answers this (entitlements/window_look.h); metering only counts.
/// `ref` is "cus_..", "ext:..", or an external id.
/// Errors: NotFound "customer.not_found".
using FindWindow = std::function<Result<CustomerWindow>(sql::Transaction& tx, std::string_view ref,
                                                        Instant system_now)>;
/// The same from memory, without waiting; nullopt when it is not known there. It may miss a change
/// that was committed a moment ago, as an event that came a moment earlier would.
using KnownWindow =
    std::function<std::optional<CustomerWindow>(std::string_view ref, Instant system_now)>;

/// Where usage of a moment before `now.since` goes. The counter that is there has its allowance;
/// the window brings the contract's plan of today, for one that is not.
/// \return of all moments from its `since` to its `until`, between which `moment` is
using FindPastWindow =
    std::function<CustomerWindow(sql::Transaction& tx, const CustomerWindow& now, Instant moment)>;

/// How one request finds windows. Made before its first transaction begins, so that what it reads
/// is remembered only if nothing has changed since.
struct WindowLook {
    FindWindow find;
    KnownWindow known{};         ///< may be empty
    FindPastWindow find_past{};  ///< may be empty where every `since` is the beginning of time
};
using BeginLook = std::function<WindowLook()>;

/// Told after the commit that a customer's counters moved.
using UsageMoved = std::function<void(const CustomerId& customer)>;

}  // namespace turnpike
