#include "entitlements/consume.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

DecisionFacts facts_of(const Standing& standing, const Counter* counter,
                       const std::string& meter_key, const Catalog& catalog) {
    return {*standing.plan, counter, standing.period.end, meter_key, catalog, standing.currency};
}

/// A counter as it was before `quantity` more were counted.
Counter before(Counter counter, Quantity quantity) {
    counter.used = std::max(counter.segments.back().from_used, counter.used - quantity);
    return counter;
}

}  // namespace

Result<ConsumeOutcome> consume(sql::Transaction& tx, CatalogCache& catalog,
                               const ConsumeRequest& request, Instant system_now, IdSource& ids) {
    auto standing = load_standing(tx, catalog, request.customer, system_now);
    if (!standing) return failure(standing);
    ConsumeOutcome outcome{*std::move(standing), std::nullopt, {}};
    const auto window = window_of(outcome.standing, request.meter_key);
    if (!window) {
        outcome.usage = {Verdict::Rejected,
                         EventComplaint{"not_in_plan", "the plan does not include this meter"}};
        return outcome;
    }
    UsageEvent event{.source = request.source,
                     .id = request.id,
                     .customer = outcome.standing.customer,
                     .meter_key = request.meter_key,
                     .quantity = request.quantity,
                     .time = request.time.value_or(outcome.standing.now),
                     .latency_us = request.latency_us};
    if (const auto bad = complaint_about(event, std::max(outcome.standing.now, system_now)))
        return invalid_argument("entitlement.bad_usage", bad->detail);
    const std::array pending{pending_usage(std::move(event), TimeStated::No, *window)};
    outcome.usage = record_usage(tx, pending, system_now, ids).front();
    outcome.counter = under_window(load_counter(tx, outcome.standing.customer, window->contract,
                                                request.meter_key, window->period.start),
                                   *window);
    return outcome;
}

Result<StandingSnapshot> load_snapshot(sql::Transaction& tx, CatalogCache& catalog,
                                       std::string_view customer, Instant system_now) {
    auto standing = load_standing(tx, catalog, customer, system_now);
    if (!standing) return failure(standing);
    StandingSnapshot snapshot{*std::move(standing), {}};
    for (const Allowance& allowance : snapshot.standing.plan->allowances) {
        const auto window = window_of(snapshot.standing, allowance.meter_key);
        auto stored = load_counter(tx, snapshot.standing.customer, window->contract,
                                   allowance.meter_key, window->period.start);
        snapshot.counters.emplace(allowance.meter_key, under_window(std::move(stored), *window));
    }
    return snapshot;
}

Decision decide(const StandingSnapshot& snapshot, const std::string& meter_key,
                const Catalog& catalog, Quantity requested) {
    const auto known = snapshot.counters.find(meter_key);
    const Counter* counter = known == snapshot.counters.end() ? nullptr : &known->second;
    return decide(facts_of(snapshot.standing, counter, meter_key, catalog), requested);
}

Decision decision_of(const ConsumeOutcome& outcome, const ConsumeRequest& request,
                     const Catalog& catalog) {
    const Counter* counter = outcome.counter ? &*outcome.counter : nullptr;
    const auto facts = facts_of(outcome.standing, counter, request.meter_key, catalog);
    if (outcome.usage.verdict == Verdict::Rejected) return decide(facts, request.quantity);
    check(counter != nullptr, "usage that was recorded has a counter");
    Decision decision = decide(facts, Quantity{});
    const Counter earlier = before(*counter, request.quantity);
    const auto asked = facts_of(outcome.standing, &earlier, request.meter_key, catalog);
    decision.reason = decide(asked, request.quantity).reason;
    return decision;
}

}  // namespace turnpike
