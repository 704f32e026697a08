#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "entitlements/consume.h"
#include "entitlements/decision.h"
#include "entitlements/usage_summary.h"
#include "http/message.h"
#include "json/json.h"
#include "json/object_text.h"

namespace turnpike {

/// By which of the two words a body names what it is about.
enum class Named : bool { Meter, Feature };

/// Body of POST /v1/entitlements/check.
struct CheckRequest {
    std::optional<std::string> customer;
    std::string meter_key;  ///< "meter" or "feature"; a metered feature has its meter's name
    Quantity requested = Quantity::whole(1);
    Named named = Named::Meter;
};
/// Errors: InvalidArgument "request.invalid_body", "json.invalid", "request.not_json".
Result<CheckRequest> read_check(const http::Request& request);

/// Body of POST /v1/usage/consume. `id` absent: every call is a new use.
struct ConsumeBody {
    std::optional<std::string> customer;
    std::string meter_key;  ///< as in CheckRequest
    Quantity quantity = Quantity::whole(1);
    std::optional<std::string> source, id;
    std::optional<std::int64_t> latency_us;
    std::vector<std::pair<std::string, std::string>> properties;  ///< as ConsumeRequest has them
    Named named = Named::Meter;
    friend bool operator==(const ConsumeBody&, const ConsumeBody&) = default;
};
/// The most that `latency_ms` may be: a day.
inline constexpr std::int64_t kLatencyMaxMs = 86'400'000;
/// Microseconds; nullopt beyond 0 to kLatencyMaxMs, and of what is finer than a microsecond.
std::optional<std::int64_t> latency_us_of(Quantity ms);
Result<ConsumeBody> read_consume(const http::Request& request);

/// Body of POST /v1/usage/reserve. `id` absent: every call is a new reservation.
struct ReserveBody {
    std::optional<std::string> customer;
    std::string meter_key;
    Quantity quantity = Quantity::whole(1);
    std::optional<std::string> source, id;
    std::chrono::seconds ttl{300};                                ///< 1 to kReservationTtlMaxS
    std::vector<std::pair<std::string, std::string>> properties;  ///< as ConsumeRequest has them
};
inline constexpr std::int64_t kReservationTtlMaxS = 86'400;
Result<ReserveBody> read_reserve(const http::Request& request);

/// Body of POST /v1/usage/reservations/{id}/commit.
struct CommitBody {
    Quantity quantity;
    std::vector<std::pair<std::string, std::string>> properties;  ///< empty: the reservation's
};
Result<CommitBody> read_commit(const http::Request& request);

// Bodies, as text: these two are answered more often than everything else together.
std::string write_check(const Decision& decision, const Standing& standing);
std::string write_consumed(const Decision& decision, const ConsumeOutcome& outcome);
/// The numbers of a decision, as members of one of these bodies.
void write_numbers(ObjectText& body, const Decision& decision);
Json write_summary(const UsageSummary& summary);
/// {"plan": "starter", "name": "STARTER", "price": "29.00", "currency": "usd"}
Json write_upgrade(const UpgradeHint& upgrade);

/// Why a request was denied: limit, used, resets_at, and when to come back. PaymentRequired, or
/// Conflict "entitlement.counter_full".
Error denial(const Decision& decision, const std::string& meter_key, Instant now);
/// The problem of a denial, with the upgrade that would help, and with the seller's page for it
/// unless `upgrade_url` is empty.
http::Response write_denial(const Error& denial, const Decision& decision,
                            const http::Request& request, const std::string& upgrade_url);

/// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10) for the decision's
/// quota: whole units, the length of its window, seconds until it begins anew; neither is told of a
/// window without end. Nothing where usage goes on: a client that obeys them would stop there.
void add_rate_headers(http::Headers& headers, const Decision& decision,
                      const std::string& meter_key, Instant now);
/// Whole seconds until `then`, rounded up, at least 0.
std::int64_t seconds_until(Instant then, Instant now);

}  // namespace turnpike
