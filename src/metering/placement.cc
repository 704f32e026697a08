#include "metering/placement.h"

#include <algorithm>
#include <string>
#include <utility>

#include "metering/measurement.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

std::unexpected<EventComplaint> complaint(std::string_view code, std::string detail) {
    return std::unexpected(EventComplaint{code, std::move(detail)});
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

bool is_plain(const SentEvent& sent) { return sent.type.empty(); }

/// A billing period is the customer window's, by whose moments it was chosen.
bool holds(const UsageWindow& window, Instant time) {
    return window.reset.kind == Reset::Kind::BillingPeriod || contains(window.period, time);
}

std::shared_ptr<const UsageWindow> open_window(const CustomerWindow& customer, const Meter& meter,
                                               const Allowance& allowance, Instant time) {
    const Period period = window_at(allowance.reset, customer.period, time);
    UsageWindow window =
        window_of(customer.contract, period, customer.plan->id, meter.aggregation, allowance);
    window.revision = customer.revision;
    window.is_on_test_clock = customer.is_on_test_clock;
    return std::make_shared<const UsageWindow>(std::move(window));
}

}  // namespace

const std::vector<const Meter*>& Placement::meters_of_type(std::string_view type) {
    const auto [known, is_new] = by_type_.try_emplace(type);
    if (is_new)
        for (const Meter& meter : catalog_.meters)
            if (meter.event_type == type) known->second.push_back(&meter);
    return known->second;
}

/// Whoever names a meter means it, whatever it filters by.
std::expected<Placement::Meters, EventComplaint> Placement::meters_of(const SentEvent& sent) {
    if (is_plain(sent)) {
        const Meter* named = catalog_.meter(sent.meter_key);
        if (named != nullptr) return Meters{named};
        return complaint("unknown_meter", "there is no meter " + in_quotes(sent.meter_key));
    }
    const auto& fed = meters_of_type(sent.type);
    if (fed.empty())
        return complaint("unknown_meter", "no meter counts events of type " + in_quotes(sent.type));
    Meters meters;
    for (const Meter* meter : fed)
        if (passes(*meter, sent)) meters.push_back(meter);
    if (meters.empty())
        return complaint("no_meter_matches", "no meter of events of type " + in_quotes(sent.type) +
                                                 " lets its properties pass");
    return meters;
}

Placement::MeterSlots& Placement::slots_of(const CustomerWindow& customer, const Meter& meter) {
    CustomerSlots& known = by_customer_[&customer];
    const auto found = std::ranges::find(known, &meter, &MeterSlots::meter);
    if (found != known.end()) return *found;
    MeterSlots slots{&meter, {}};
    for (const Allowance& allowance : customer.plan->allowances_of(meter.key))
        slots.slots.push_back({&allowance, nullptr});
    known.push_back(std::move(slots));
    return known.back();
}

std::expected<UsageCounts, EventComplaint> Placement::counts_of(const SentEvent& sent,
                                                                const CustomerWindow& customer,
                                                                const Meters& meters,
                                                                Instant time) {
    UsageCounts counts;
    for (const Meter* meter : meters) {
        MeterSlots& slots = slots_of(customer, *meter);
        if (slots.slots.empty()) continue;
        const auto measured = measure(*meter, sent);
        if (!measured) return std::unexpected(measured.error());
        // An older version of a plan and a newer catalog may make more of one event than either.
        if (counts.size() + slots.slots.size() > kUsageCountsMax)
            return complaint("too_many_counts", "the event would move more than " +
                                                    std::to_string(kUsageCountsMax) + " counters");
        for (Slot& slot : slots.slots) {
            if (!slot.window || !holds(*slot.window, time))
                slot.window = open_window(customer, *meter, *slot.allowance, time);
            counts.push_back({slot.window, measured->value, measured->unique});
        }
    }
    if (!counts.empty()) return counts;
    const std::string what =
        meters.size() == 1 ? in_quotes(meters.front()->key) : "a meter of " + in_quotes(sent.type);
    return complaint("not_in_plan",
                     "the plan " + in_quotes(customer.plan->key) + " does not include " + what);
}

/// Of a type, its first meter stands for all: which of them count may change with the plan, and the
/// same event again is still the same.
std::string Placement::said_of(const SentEvent& sent, const UsageEvent& event) {
    const std::string_view meter =
        is_plain(sent) ? sent.meter_key : meters_of_type(sent.type).front()->key;
    const Quantity quantity = sent.quantity.value_or(Quantity::whole(1));
    std::string said;
    if (sent.properties.empty() && meter == event.meter_key && quantity == event.quantity)
        return said;
    put_content(said, meter);
    put_content(said, quantity.text());
    auto properties = sent.properties;
    std::ranges::sort(properties, {}, &SentEvent::Property::name);
    for (const auto& [name, text] : properties) {
        put_content(said, name);
        put_content(said, text);
    }
    return said;
}

Placed Placement::place(const SentEvent& sent, SubjectWindows& customers, TimeStated stated) {
    const auto meters = meters_of(sent);
    if (!meters) return std::unexpected(meters.error());
    const Result<CustomerWindow>& now = customers.at(sent.subject);
    if (!now)
        return complaint("unknown_customer", "there is no customer " + in_quotes(sent.subject));
    const Instant time = sent.time.value_or(now->now);
    UsageEvent event{.source = std::string(sent.source),
                     .id = std::string(sent.id),
                     .customer = now->customer,
                     .meter_key = {},
                     .quantity = {},
                     .time = time,
                     .latency_us = sent.latency_us};
    // A customer on a test clock may send real times as well as the clock's.
    if (auto bad = complaint_about(event, std::max(now->now, system_now_)))
        return std::unexpected(*std::move(bad));
    if (time < std::min(now->now, system_now_) - kEventAgeMax)
        return complaint("too_old", "the time lies more than 62 days back");
    const CustomerWindow* customer = customers.find(*now, sent.subject, time);
    if (customer == nullptr) return complaint("", "");
    auto counts = counts_of(sent, *customer, *meters, time);
    if (!counts) return std::unexpected(std::move(counts).error());
    auto properties = grouped_properties(*meters, sent);
    if (!properties) return std::unexpected(std::move(properties).error());
    event.meter_key = counts->front().window->meter_key;
    event.quantity = counts->front().value;
    event.properties = *std::move(properties);
    std::string said = said_of(sent, event);
    return PendingUsage{std::move(event), stated, *std::move(counts), std::move(said)};
}

}  // namespace turnpike
