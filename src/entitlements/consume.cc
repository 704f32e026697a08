#include "entitlements/consume.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kNotInPlan = "not_in_plan";
constexpr std::string_view kPeriodClosed = "period_closed";

DecisionFacts facts_of(const Standing& standing, const Counter* counter,
                       const std::string& meter_key, const Catalog& catalog) {
    return {*standing.plan, counter, standing.period.end, meter_key, catalog, standing.currency};
}

/// A counter as it was before `quantity` more were counted.
Counter before(Counter counter, Quantity quantity) {
    counter.used = std::max(counter.segments.back().from_used, counter.used - quantity);
    return counter;
}

Placed place(const Result<Standing>& standing, const ConsumeRequest& request, Instant system_now) {
    if (!standing) return std::unexpected(EventComplaint{"unknown_customer", "no such customer"});
    auto window = window_of(*standing, request.meter_key);
    if (!window)
        return std::unexpected(EventComplaint{kNotInPlan, "the plan does not include this meter"});
    UsageEvent event{.source = request.source,
                     .id = request.id,
                     .customer = standing->customer,
                     .meter_key = request.meter_key,
                     .quantity = request.quantity,
                     .time = request.time.value_or(standing->now),
                     .latency_us = request.latency_us};
    if (auto bad = complaint_about(event, std::max(standing->now, system_now)))
        return std::unexpected(*std::move(bad));
    return PendingUsage{
        std::move(event),
        TimeStated::No,
        {{std::make_shared<const UsageWindow>(*std::move(window)), request.quantity}}};
}

std::unexpected<Error> period_closed() {
    Error error{ErrorCode::Unavailable, "entitlement.period_closed",
                "the customer's billing period has just closed; try again"};
    error.retry_after_s = 1;
    return std::unexpected(std::move(error));
}

}  // namespace

asio::awaitable<Result<ConsumeOutcome>> consume(ConsumeWorld world, StandingCache& standings,
                                                const ConsumeRequest& request, Instant system_now) {
    const auto ticket = standings.ticket();
    // Of the last look: a period that closes in between makes the store look again.
    std::optional<Result<Standing>> standing;
    std::optional<EventComplaint> unusable;
    AppendJob job{.subjects = {request.customer},
                  .look = {},
                  .place = {},
                  .system_now = system_now,
                  .counters = AppendJob::Counters::Report};
    job.look.find = [&](sql::Transaction& tx, std::string_view ref,
                        Instant now) -> Result<CustomerWindow> {
        standing = load_standing(tx, world.catalog, ref, now);
        if (!*standing) return failure(*standing);
        standings.seen(ticket, **standing);
        return customer_window(**standing);
    };
    job.look.known = [&](std::string_view ref, Instant now) -> std::optional<CustomerWindow> {
        auto known = standings.find_standing(ref, now);
        if (!known) return std::nullopt;
        standing = *std::move(known);
        return customer_window(**standing);
    };
    job.place = [&](const SubjectWindows&) {
        auto placed = place(*standing, request, system_now);
        unusable.reset();
        if (!placed && placed.error().code != kNotInPlan) unusable = placed.error();
        return std::vector<Placed>{std::move(placed)};
    };
    auto report = co_await world.usage.append(std::move(job));
    if (!report) co_return failure(report);
    if (!*standing) co_return failure(*standing);
    if (unusable) co_return invalid_argument("entitlement.bad_usage", unusable->detail);
    UsageOutcome& outcome = report->outcomes.front();
    if (outcome.complaint && outcome.complaint->code == kPeriodClosed) co_return period_closed();
    std::optional<Counter> counter;
    if (!outcome.counters.empty()) counter = std::move(outcome.counters.front());
    outcome.counters.clear();
    co_return ConsumeOutcome{**std::move(standing), std::move(counter), std::move(outcome)};
}

Result<StandingSnapshot> load_snapshot(sql::Transaction& tx, ConsumeWorld world,
                                       std::string_view customer, Instant system_now) {
    auto standing = load_standing(tx, world.catalog, customer, system_now);
    if (!standing) return failure(standing);
    auto stored = world.usage.counters(tx, standing->customer, standing->subscription,
                                       standing->period.start, standing->now);
    StandingSnapshot snapshot{*std::move(standing), {}};
    for (const Allowance& allowance : snapshot.standing.plan->allowances) {
        const auto window = window_of(snapshot.standing, allowance.meter_key);
        std::optional<Counter> counter;
        if (const auto found = stored.find(allowance.meter_key); found != stored.end())
            counter = std::move(found->second.front());
        snapshot.counters.emplace(allowance.meter_key, under_window(std::move(counter), *window));
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
