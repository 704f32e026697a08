#pragma once

#include <cstdint>

#include "base/error.h"
#include "json/json.h"
#include "sandbox/chaos/misfortune.h"

/// Plans as JSON: docs/sandbox.md has the words.
namespace turnpike::twin {

inline constexpr std::size_t kChaosRulesMax = 100;

/// {"seed": 7, "rules": [{"call": "POST /v1/subscriptions", "do": "error_after_commit"}]}. Without
/// rules, random_plan() of the seed.
/// Errors: InvalidArgument "request.invalid_body" with every complaint.
Result<ChaosPlan> read_plan(const Json& body);
Result<ChaosRule> read_rule(const Json& body);

Json to_json(const ChaosRule& rule);
Json to_json(const ChaosPlan& plan);

/// A little of everything.
ChaosPlan random_plan(std::uint64_t seed);

}  // namespace turnpike::twin
