#include "entitlements/consume.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "entitlements/window_look.h"
#include "metering/placement.h"

namespace turnpike {
namespace {

constexpr std::string_view kNotInPlan = "not_in_plan";

/// What the use counted: events and different values are one each.
Quantity counted_of(const std::vector<Counter>& counters, Quantity quantity) {
    if (counters.empty()) return quantity;
    const auto aggregation = counters.front().aggregation;
    const bool is_one =
        aggregation == Meter::Aggregation::Count || aggregation == Meter::Aggregation::Unique;
    return is_one ? Quantity::whole(1) : quantity;
}

bool is_of_calendar(const Reset& reset) {
    return reset.kind == Reset::Kind::Day || reset.kind == Reset::Kind::Week ||
           reset.kind == Reset::Kind::Month;
}

void add_counters(StandingSnapshot& snapshot, const std::string& meter_key,
                  const UsageStore::Counters& stored, const Catalog& catalog) {
    const Standing& standing = snapshot.standing;
    const auto used = stored.find(meter_key);
    const Meter* meter = catalog.meter(meter_key);
    // Of a meter that is archived, what was used knows how it was counted.
    auto aggregation = meter == nullptr ? Meter::Aggregation::Sum : meter->aggregation;
    if (meter == nullptr && used != stored.end()) aggregation = used->second.front().aggregation;
    auto& counters = snapshot.counters[meter_key];
    for (const UsageWindow& window : windows_of(standing, meter_key, aggregation, standing.now)) {
        std::optional<Counter> counter;
        if (used != stored.end()) {
            const auto same = std::ranges::find(used->second, window.reset, &Counter::reset);
            if (same != used->second.end()) counter = *same;
        }
        counters.push_back(under_window(std::move(counter), window));
        if (is_of_calendar(window.reset))
            snapshot.counts_until =
                std::min(snapshot.counts_until.value_or(window.period.end), window.period.end);
    }
}

}  // namespace

SentEvent event_of(const ConsumeRequest& request) {
    SentEvent event;
    event.id = request.id;
    event.source = request.source;
    event.meter_key = request.meter_key;
    event.subject = request.customer;
    event.time = request.time;
    event.quantity = request.quantity;
    event.data = SentEvent::Data::Present;
    event.latency_us = request.latency_us;
    for (const auto& [name, text] : request.properties) event.properties.push_back({name, text});
    return event;
}

DecisionFacts facts_of(const Standing& standing, std::span<const Counter> counters,
                       const std::string& meter_key, const Catalog& catalog) {
    return {*standing.plan, counters, standing.now,     standing.period,
            meter_key,      catalog,  standing.currency};
}

asio::awaitable<Result<ConsumeOutcome>> consume(ConsumeWorld world, StandingCache& standings,
                                                const ConsumeRequest& request, Instant system_now) {
    std::optional<Result<Standing>> standing;
    std::optional<CustomerWindow> earlier;  // of late usage
    std::optional<EventComplaint> unusable;
    AppendJob job{.subjects = {request.customer},
                  .look = window_look(world.catalog, standings, standing),
                  .place = {},
                  .system_now = system_now,
                  .counters = AppendJob::Counters::Report};
    const auto snapshot = world.catalog.get();
    const SentEvent event = event_of(request);
    job.place = [&](SubjectWindows& windows) {
        // Its arrival has a time of its own, and is the same use when it is tried again.
        auto placed = Placement(*snapshot, system_now).place(event, windows, TimeStated::No);
        earlier.reset();
        if (const auto& now = windows.at(request.customer)) {
            const Instant time = request.time.value_or(now->now);
            const CustomerWindow* window = windows.find(*now, request.customer, time);
            if (window != nullptr && window != &*now) earlier = *window;
        }
        unusable.reset();
        if (!placed && placed.error().code != kNotInPlan) unusable = placed.error();
        return std::vector<Placed>{std::move(placed)};
    };
    auto report = co_await world.usage.append(std::move(job));
    if (!report) co_return failure(report);
    if (!*standing) co_return failure(*standing);
    if (unusable) co_return invalid_argument("entitlement.bad_usage", unusable->detail);
    // What it tells of is the contract that it counted in, of late usage an earlier one.
    if (earlier) {
        (*standing)->plan = earlier->plan;
        (*standing)->subscription = earlier->contract;
        (*standing)->period = earlier->period;
    }
    UsageOutcome& outcome = report->outcomes.front();
    auto counters = std::exchange(outcome.counters, {});
    co_return ConsumeOutcome{**std::move(standing), std::move(counters), std::move(outcome)};
}

Result<StandingSnapshot> load_snapshot(sql::Transaction& tx, ConsumeWorld world,
                                       std::string_view customer, Instant system_now) {
    auto standing = load_standing(tx, world.catalog, customer, system_now);
    if (!standing) return failure(standing);
    const auto stored = world.usage.counters(tx, standing->customer, standing->subscription,
                                             standing->period.start, standing->now);
    const auto catalog = world.catalog.get();
    StandingSnapshot snapshot{*std::move(standing), {}};
    for (const Allowance& allowance : snapshot.standing.plan->allowances) {
        if (snapshot.counters.contains(allowance.meter_key)) continue;
        add_counters(snapshot, allowance.meter_key, stored, *catalog);
    }
    return snapshot;
}

Decision decide(const StandingSnapshot& snapshot, const Catalog& catalog,
                const Question& question) {
    const auto known = snapshot.counters.find(question.meter_key);
    std::span<const Counter> counters;
    if (known != snapshot.counters.end()) counters = known->second;
    auto facts = facts_of(snapshot.standing, counters, question.meter_key, catalog);
    facts.now = customer_now(snapshot.standing, question.system_now);
    return decide(facts, question.requested);
}

Decision decision_of(const ConsumeOutcome& outcome, const ConsumeRequest& request,
                     const Catalog& catalog) {
    const auto facts = facts_of(outcome.standing, outcome.counters, request.meter_key, catalog);
    const Quantity counted = counted_of(outcome.counters, request.quantity);
    if (outcome.usage.verdict == Verdict::Rejected) {
        Decision decision = decide(facts, counted);
        if (decision.allowed) decision.reason = DecisionReason::LimitExceeded;
        decision.allowed = false;  // the store has the last word
        return decision;
    }
    check(!outcome.counters.empty(), "usage that was recorded has a counter");
    Decision decision = decide(facts, Quantity{});
    decision.reason = reason_of_use(outcome.counters, counted, facts.now);
    return decision;
}

}  // namespace turnpike
