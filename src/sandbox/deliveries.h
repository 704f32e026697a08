#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/client.h"
#include "http/message.h"
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

std::optional<Delivery> load_delivery(sql::Transaction& tx, const std::string& id);
/// It is not due before `until`.
void postpone_delivery(sql::Transaction& tx, const std::string& id, Instant until);

/// What came of one try, with all that went over the wire.
struct Attempt {
    Instant tried_at;
    int status = 0;    ///< 0: no answer
    std::string note;  ///< why there was none
    Duration took{};
    std::string url{};
    http::Headers request_headers{};
    std::optional<std::string> request_body{};  ///< nullopt: the delivery's
    http::Headers response_headers{};
    std::string response_body{};      ///< at most its first kResponseBytesKept bytes
    std::int64_t response_bytes = 0;  ///< how many there were
};
inline constexpr std::size_t kResponseBytesKept = 64'000;

/// What is kept of a call of this delivery, before its answer: `status` is 0.
Attempt attempt_of(const Delivery& delivery, const http::Call& call, Instant tried_at);
/// The answer's half.
void keep_reply(Attempt& attempt, http::Reply reply);

/// Records the try. `retry_at`: when to try again; nullopt after a success or the last try.
void save_attempt(sql::Transaction& tx, const Delivery& delivery, const Attempt& attempt,
                  std::optional<Instant> retry_at);
/// Makes everything that is pending for an account due earlier by `by`: its clock was moved on.
void hasten_deliveries(sql::Transaction& tx, std::string_view account, Duration by);
/// Gives up what is pending for an endpoint that is gone.
void drop_deliveries(sql::Transaction& tx, const std::string& endpoint);

/// A delivery as the inspector shows it.
struct DeliveryRecord {
    Delivery delivery;
    std::string state;   ///< "pending", "delivered", "failed"
    Instant created_at;  ///< 1970: made before this was kept
    Instant next_try_at;
    std::int64_t sequence = 0;
};
/// Which of an account's deliveries; empty fields do not filter.
struct DeliveryFilter {
    std::string account{};
    std::string event{}, endpoint{}, state{};
    std::optional<std::int64_t> before{};  ///< those of a lower sequence, for a next page
    std::int64_t limit = 100;
};
/// Newest first.
std::vector<DeliveryRecord> load_deliveries(sql::Transaction& tx, const DeliveryFilter& filter);
std::optional<DeliveryRecord> find_delivery(sql::Transaction& tx, std::string_view account,
                                            std::string_view id);
/// Oldest first.
std::vector<Attempt> load_attempts(sql::Transaction& tx, std::string_view delivery);

/// Webhooks of an event that have not been delivered yet.
std::int64_t count_pending(sql::Transaction& tx, const std::string& account,
                           const std::string& event);

/// 2xx is success; a redirect is not.
inline bool is_delivered(const Attempt& attempt) {
    return attempt.status >= 200 && attempt.status <= 299;
}

}  // namespace turnpike::twin
