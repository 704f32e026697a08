#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "turnpike/client/client.h"

namespace turnpike::client {

/// Events in one request, at most.
inline constexpr std::size_t kEventsMax = 1'000;

/// An event as the plain JSON of POST /v1/events; its id and source are set.
///
/// Errors: Invalid "client.invalid_event" when the server could not even read it.
Result<std::string> write_event(const Event& event);
/// [a,b,...] of events that are written already.
std::string write_batch(const std::vector<std::string_view>& events);

/// Errors of the others: Invalid "client.invalid_argument" for texts that are not UTF-8.
Result<std::string> write_check(const CheckRequest& request);
Result<std::string> write_consume(const ConsumeRequest& request);
Result<std::string> write_reserve(const ReserveRequest& request);
Result<std::string> write_commit(const std::string& quantity,
                                 const std::map<std::string, std::string>& properties);
Result<std::string> write_customer(const CustomerDraft& draft);

/// What an answer other than 2xx says: Refused, or Unavailable where trying again can help.
Error error_of(const HttpAnswer& answer);

/// Reading a 2xx. Errors: Unavailable "client.unexpected_answer" when it is not what we know: some
/// proxy's page, most likely, so that nobody knows what happened.
Result<std::vector<Verdict>> read_verdicts(const HttpAnswer& answer, std::size_t count);
Result<Entitlement> read_entitlement(const HttpAnswer& answer);
Result<Consumption> read_consumption(const HttpAnswer& answer, std::string id);
Result<ReserveAnswer> read_reserved(const HttpAnswer& answer);
/// Of a commit or a release; the outcome is the reservation's status.
Result<EndAnswer> read_ended(const HttpAnswer& answer);
Result<UsageSummary> read_usage(const HttpAnswer& answer);
Result<Customer> read_customer(const HttpAnswer& answer);

/// Where the customer stands whom the plan refused: limit_exceeded, not_in_plan. nullopt for every
/// other error, and for a refusal that we cannot read: it stays an error.
std::optional<Standing> denied_standing(const Error& error, const std::string& customer);
ReserveAnswer denied_reserve(Standing standing);
/// A refusal to commit or to release that is an answer; nullopt for every other error.
std::optional<EndOutcome> refused_end(const Error& error);

}  // namespace turnpike::client
