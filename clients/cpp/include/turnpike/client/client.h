#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "turnpike/client/clock.h"
#include "turnpike/client/event.h"
#include "turnpike/client/reservation.h"
#include "turnpike/client/result.h"
#include "turnpike/client/standing.h"

namespace turnpike::client {

/// Waits between attempts: exponential with full jitter, which is a random time from 1 ms to
/// min(wait_max, first_wait * 2^(attempt - 1)). What Retry-After asks for comes on top.
struct Backoff {
    std::chrono::milliseconds first_wait{100};
    std::chrono::milliseconds wait_max{5'000};
};

struct ClientOptions {
    std::string url;    ///< http:// or https://, host, port: "https://billing.example.com"
    std::string token;  ///< a seller's API key with usage:write, usage:read, customers:*; or a JWT
    std::string source = "turnpike-client";            ///< the source of events that name none
    std::chrono::milliseconds request_timeout{5'000};  ///< of one attempt, with connecting
    int attempts_max = 4;                              ///< of one call, at least 1
    Backoff backoff = {};
    Clock* clock = nullptr;  ///< not owned, outlives the Client; nullptr is system_clock()
};

struct CheckRequest {
    std::string customer = {};  ///< empty: the customer whose token it is
    std::string meter;
    std::string requested = "1";
};

struct Entitlement {
    bool allowed = false;
    Standing standing;
};

struct ConsumeRequest {
    std::string customer;
    std::string meter;
    std::string quantity = "1";
    std::optional<std::chrono::milliseconds> latency = {};
    /// Empty: a new one. Give your own when you will call again after an error.
    std::string id = {};
    std::string source = {};                             ///< empty: ClientOptions::source
    std::map<std::string, std::string> properties = {};  ///< as Event has them
};

struct Consumption {
    bool allowed = false;    ///< false: nothing was recorded; standing.reason says why
    bool duplicate = false;  ///< this id was consumed before, and is counted once
    std::string id;          ///< that it is recorded under
    Standing standing;
};

struct MeterUsage {
    std::string meter;
    std::string used, included, remaining, overage;  ///< decimal texts in the meter's unit
    std::string reserved;          ///< likewise; held by open reservations, and not in `remaining`
    std::string usage_percentage;  ///< of `included`, "25.0"
    bool overage_allowed = false;
    /// What the overage costs so far, in minor units of `currency`.
    std::int64_t overage_amount = 0;
    std::string currency;  ///< ISO 4217
};

/// Usage of the current billing period, [period_start, period_end).
struct UsageSummary {
    std::string customer;
    std::string plan;
    Instant period_start, period_end;
    std::vector<MeterUsage> meters;
};

struct CustomerDraft {
    std::string external_id;  ///< your own id: 1 to 128 of A-Za-z0-9_.@:|-
    std::optional<std::string> email = {};
    std::optional<std::string> name = {};
};

struct Customer {
    std::string id;  ///< cus_...
    std::string external_id;
    std::optional<std::string> email, name;
    std::map<std::string, std::string> metadata;
    Instant created_at;
};

/// Turnpike's /v1 for a host that meters and asks. Every function waits for the answer; several
/// threads may call at once, each on a connection of its own, which is kept for the next call.
///
/// Network errors, time-outs, 408, 429 and 5xx are tried again, at most attempts_max times in all
/// and always under the same event ids, so that nothing counts twice. A Retry-After beyond
/// backoff.wait_max is not waited for but handed back, in Error::retry_after.
///
/// Errors of every function: Refused, Unavailable, Invalid (see ErrorKind).
class Client {
public:
    /// Errors: Invalid "client.invalid_argument" for an url that is not http(s), a token that
    /// cannot stand in a header, or a number out of its range. Does not connect.
    static Result<Client> create(ClientOptions options);

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    /// Records 1 to 1,000 events in one request. Answers once they are durable, with a verdict
    /// each.
    Result<std::vector<Verdict>> record(std::span<const Event> events);
    Result<Verdict> record(const Event& event);

    /// May this be used? Counts nothing.
    Result<Entitlement> check(const CheckRequest& request);

    /// Checks, deducts and records in one step. A refusal by the plan is an answer, not an error.
    Result<Consumption> consume(const ConsumeRequest& request);

    /// Holds a part of the allowance for work whose cost is known only afterwards. That it does not
    /// fit is an answer, not an error. After an error it may be held all the same: the request
    /// again, under Error::event_ids, finds it; left alone, it expires.
    Result<ReserveAnswer> reserve(const ReserveRequest& request);
    /// Ends the hold by recording what was used: a decimal as Event::quantity, 0 too. More than was
    /// reserved must fit. After an error it may be recorded: the same call again records it once.
    ///
    /// \param reservation  its id
    /// \param properties   in the place of the reservation's, unless empty
    /// Errors: Refused "reservation.not_found" from 24 hours after its end, too.
    Result<EndAnswer> commit(const std::string& reservation, const std::string& quantity,
                             const std::map<std::string, std::string>& properties = {});
    /// Ends the hold; nothing was used. Errors: as commit().
    Result<EndAnswer> release(const std::string& reservation);

    /// Usage of all meters, or of one.
    Result<UsageSummary> usage(const std::string& customer, const std::string& meter = {});

    Result<Customer> customer(const std::string& customer);
    /// Creates the customer, or finds the one that has the external id; what that one is called
    /// stays.
    Result<Customer> ensure_customer(const CustomerDraft& draft);

private:
    friend class Recorder;
    class Impl;
    explicit Client(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace turnpike::client
