#include "entitlements/reserve.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "entitlements/window_look.h"
#include "metering/placement.h"

namespace turnpike {
namespace {

constexpr std::string_view kNotInPlan = "not_in_plan";

/// What tells a repetition from another request of its name, and from every event.
std::string said_in(const ReserveRequest& request) {
    std::string said;
    put_content(said, "reserve");
    put_content(said, request.use.meter_key);
    put_content(said, request.use.quantity.text());
    put_content(said, std::to_string(request.ttl.count()));
    auto properties = request.use.properties;
    std::ranges::sort(properties);
    for (const auto& [name, text] : properties) {
        put_content(said, name);
        put_content(said, text);
    }
    return said;
}

/// The counters as the reservation found them.
std::vector<Counter> without(std::vector<Counter> counters, Quantity held) {
    for (Counter& counter : counters) counter.held = std::max(Quantity{}, counter.held - held);
    return counters;
}

}  // namespace

asio::awaitable<Result<ReserveOutcome>> reserve(ReservationStore& store, CatalogCache& catalog,
                                                StandingCache& standings,
                                                const ReserveRequest& request, Instant system_now) {
    std::optional<Result<Standing>> standing;
    ReserveJob job{.usage = {.subjects = {request.use.customer},
                             .look = window_look(catalog, standings, standing),
                             .place = {},
                             .system_now = system_now,
                             .counters = AppendJob::Counters::Report},
                   .reserved = request.use.quantity,
                   .expires_at = system_now + request.ttl};
    const auto snapshot = catalog.get();
    const SentEvent event = event_of(request.use);
    job.usage.place = [&](SubjectWindows& windows) {
        auto placed = Placement(*snapshot, system_now).place(event, windows, TimeStated::No);
        if (placed) placed->said = said_in(request);
        return std::vector<Placed>{std::move(placed)};
    };
    auto report = co_await store.reserve(std::move(job));
    if (!report) co_return failure(report);
    if (!*standing) co_return failure(*standing);
    ReserveOutcome outcome{**std::move(standing), *std::move(report)};
    if (!outcome.report.complaint) co_return outcome;
    if (outcome.report.complaint->code != kNotInPlan)
        co_return invalid_argument("reservation.bad_usage", outcome.report.complaint->detail);
    outcome.report = {.verdict = ReserveVerdict::LimitExceeded};
    co_return outcome;
}

Decision decision_of(const ReserveOutcome& outcome, const ReserveRequest& request,
                     const Catalog& catalog) {
    const auto& counters = outcome.report.counters;
    const std::string& meter_key = request.use.meter_key;
    const auto facts = facts_of(outcome.standing, counters, meter_key, catalog);
    Quantity counted = request.use.quantity;
    if (!counters.empty()) counted = committed_value(counters.front().aggregation, counted);
    if (outcome.report.verdict == ReserveVerdict::LimitExceeded) {
        Decision decision = decide(facts, counted);
        if (decision.allowed) decision.reason = DecisionReason::LimitExceeded;
        decision.allowed = false;  // the store has the last word
        return decision;
    }
    Decision decision = decide(facts, Quantity{});
    if (outcome.report.verdict != ReserveVerdict::Opened) return decision;
    const auto before = without(counters, counted);
    const auto found = decide(facts_of(outcome.standing, before, meter_key, catalog), counted);
    if (found.allowed) decision.reason = found.reason;
    return decision;
}

}  // namespace turnpike
