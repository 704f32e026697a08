#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "catalog/catalog.h"
#include "metering/customer_window.h"
#include "metering/sent_event.h"
#include "metering/service.h"

namespace turnpike {

/// Places events of one request: type -> meters, customer -> plan, and time -> windows. The
/// contract and its billing period are those of placing_moment(); other windows are those of the
/// event's time.
///
/// Windows are shared by the events that it places, and events by all of a customer's. Holds
/// references; what it is given outlives it.
class Placement {
public:
    Placement(const Catalog& catalog, Instant system_now)
        : catalog_(catalog), system_now_(system_now) {}

    /// An event of late usage whose window `customers` does not know is sought there, and what is
    /// returned then means nothing.
    ///
    /// Complaints: unknown_meter, no_meter_matches, unknown_customer, too_old, not_in_plan,
    /// too_many_counts, those of measure() and grouped_properties(), and of complaint_about().
    /// \param customers  has the event's subject
    Placed place(const SentEvent& sent, SubjectWindows& customers, TimeStated stated);

private:
    using Meters = boost::container::small_vector<const Meter*, 2>;
    struct Slot {
        const Allowance* allowance;
        std::shared_ptr<const UsageWindow> window;  ///< the one that was used last
    };
    struct MeterSlots {
        const Meter* meter;
        boost::container::small_vector<Slot, 1> slots;  ///< one per allowance
    };
    using CustomerSlots = boost::container::small_vector<MeterSlots, 1>;

    std::expected<Meters, EventComplaint> meters_of(const SentEvent& sent);
    const std::vector<const Meter*>& meters_of_type(std::string_view type);
    MeterSlots& slots_of(const CustomerWindow& customer, const Meter& meter);
    std::expected<UsageCounts, EventComplaint> counts_of(const SentEvent& sent,
                                                         const CustomerWindow& customer,
                                                         const Meters& meters, Instant time);
    std::string said_of(const SentEvent& sent, const UsageEvent& event);

    const Catalog& catalog_;
    Instant system_now_;
    boost::unordered_flat_map<std::string_view, std::vector<const Meter*>> by_type_;
    boost::unordered_flat_map<const CustomerWindow*, CustomerSlots> by_customer_;
};

}  // namespace turnpike
