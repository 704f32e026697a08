#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// One event on its way to one endpoint. States: pending -> delivered | failed (tries used up, or
/// the endpoint is gone).
struct Delivery {
    std::string id;
    std::string account;
    std::string endpoint;
    std::string event;
    std::int64_t tries = 0;  ///< made so far
    std::string body;        ///< exactly what is sent and signed
};

/// Queues it behind those that are there, due at `now`.
void add_delivery(sql::Transaction& tx, const Delivery& delivery, Instant now);

/// Endpoints with something due, each with its oldest due delivery.
std::vector<Delivery> load_due_deliveries(sql::Transaction& tx, Instant now);
/// The oldest due delivery of one endpoint.
std::optional<Delivery> load_due_delivery(sql::Transaction& tx, const std::string& endpoint,
                                          Instant now);

/// What came of one try. status 0: no answer; `note` says why.
struct Attempt {
    Instant tried_at;
    int status = 0;
    std::string note;
};
/// Records the try. `retry_at`: when to try again; nullopt after a success or the last try.
void save_attempt(sql::Transaction& tx, const Delivery& delivery, const Attempt& attempt,
                  std::optional<Instant> retry_at);
/// Makes everything that is pending for an account due earlier by `by`: its clock was moved on.
void hasten_deliveries(sql::Transaction& tx, std::string_view account, Duration by);
/// Gives up what is pending for an endpoint that is gone.
void drop_deliveries(sql::Transaction& tx, const std::string& endpoint);

/// Webhooks of an event that have not been delivered yet.
std::int64_t count_pending(sql::Transaction& tx, const std::string& account,
                           const std::string& event);

/// 2xx is success; a redirect is not.
inline bool is_delivered(const Attempt& attempt) {
    return attempt.status >= 200 && attempt.status <= 299;
}

}  // namespace turnpike::twin
