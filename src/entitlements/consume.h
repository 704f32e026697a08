#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "catalog/cache.h"
#include "entitlements/decision.h"
#include "entitlements/standing.h"
#include "entitlements/standing_cache.h"
#include "metering/sent_event.h"
#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// One use to be counted: check, deduct and record in one step.
struct ConsumeRequest {
    std::string customer;  ///< "cus_..", "ext:..", or an external id
    std::string meter_key;
    Quantity quantity;
    std::string source, id;  ///< the event's identity; the same pair is counted once for ever
    std::optional<std::int64_t> latency_us;
    std::optional<Instant> time;  ///< when it was used; absent: now
    /// As a plain event has them: name, and text.
    std::vector<std::pair<std::string, std::string>> properties{};
};

/// The use as a plain event says it. Views of the request.
SentEvent event_of(const ConsumeRequest& request);

/// What the store said.
struct ConsumeOutcome {
    Standing standing;  ///< with the contract, the plan and the period that it counted in
    std::vector<Counter> counters;  ///< afterwards; empty: the plan does not include the meter
    UsageOutcome usage;             ///< Rejected when the plan does not include it
};

/// Who uses: the store of usage, and the catalog that standings come from.
struct ConsumeWorld {
    UsageStore& usage;
    CatalogCache& catalog;
};

/// Decides in the store of usage and nowhere else. A denial leaves no trace. What the customer has
/// may come from `standings`, which learns what was read.
///
/// Errors: NotFound "customer.not_found"; InvalidArgument "entitlement.bad_usage" for an event that
/// cannot be recorded (see Placement::place); those of UsageStore::append.
asio::awaitable<Result<ConsumeOutcome>> consume(ConsumeWorld world, StandingCache& standings,
                                                const ConsumeRequest& request, Instant system_now);

/// A standing with the counters of its windows, for checks.
Result<StandingSnapshot> load_snapshot(sql::Transaction& tx, ConsumeWorld world,
                                       std::string_view customer, Instant system_now);

/// Where a customer stands with one meter. Refers to all of it.
DecisionFacts facts_of(const Standing& standing, std::span<const Counter> counters,
                       const std::string& meter_key, const Catalog& catalog);

/// What a check asks.
struct Question {
    const std::string& meter_key;
    Quantity requested;
    Instant system_now;
};
/// Decides from a snapshot.
Decision decide(const StandingSnapshot& snapshot, const Catalog& catalog, const Question& question);

/// The decision that an outcome shows: numbers afterwards, and the reason for the request.
Decision decision_of(const ConsumeOutcome& outcome, const ConsumeRequest& request,
                     const Catalog& catalog);

}  // namespace turnpike
