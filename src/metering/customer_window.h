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
#include "sql/sql.h"

namespace turnpike {

/// Where one customer's usage goes now.
struct CustomerWindow {
    CustomerId customer;
    Contract contract;
    std::shared_ptr<const PlanVersion> plan;  ///< never null
    Period period;
    Instant now;                ///< the customer's: of a test clock where there is one
    std::int64_t revision = 0;  ///< as of UsageWindow
};

/// Who knows subscriptions answers this (entitlements/window_look.h); metering only counts.
/// `ref` is "cus_..", "ext:..", or an external id.
/// Errors: NotFound "customer.not_found".
using FindWindow = std::function<Result<CustomerWindow>(sql::Transaction& tx, std::string_view ref,
                                                        Instant system_now)>;
/// The same from memory, without waiting; nullopt when it is not known there. It may miss a change
/// that was committed a moment ago, as an event that came a moment earlier would.
using KnownWindow =
    std::function<std::optional<CustomerWindow>(std::string_view ref, Instant system_now)>;

/// How one request finds windows. Made before its first transaction begins, so that what it reads
/// is remembered only if nothing has changed since.
struct WindowLook {
    FindWindow find;
    KnownWindow known{};  ///< may be empty
};
using BeginLook = std::function<WindowLook()>;

/// Told after the commit that a customer's counters moved.
using UsageMoved = std::function<void(const CustomerId& customer)>;

}  // namespace turnpike
