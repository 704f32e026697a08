#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "http/message.h"
#include "sandbox/stripe/wire/stripe_error.h"
#include "sql/sql.h"

namespace turnpike::twin {

/// What makes two POSTs with one key the same request.
struct IdempotentRequest {
    std::string account;
    std::string key;         ///< the header, 1-255 characters
    std::string path;        ///< "/v1/customers"
    std::string parameters;  ///< SHA-256 of the decoded form, names in order, in hex
};

/// The answer that was given first: success or failure, as sent.
struct SavedAnswer {
    int status = 0;
    std::string body;
    std::string request_id;
};

/// The header of a POST; "" when there is none, as it counts for nothing with other methods.
/// Errors: 400 for more than 255 characters.
Outcome<std::string> read_idempotency_key(const http::Request& request);

/// Keys live for a day of the account's time. Those of requests that are not answered yet are not
/// here but in keys_in_flight.h.
/// Errors: 400 idempotency_error when the key was used for another endpoint or other parameters.
Outcome<std::optional<SavedAnswer>> find_saved_answer(sql::Transaction& tx,
                                                      const IdempotentRequest& request,
                                                      Instant now);
void save_answer(sql::Transaction& tx, const IdempotentRequest& request, const SavedAnswer& answer,
                 Instant now);

/// A repeat gets `answer` from now on. Nothing happens when what is saved is not the answer to the
/// request of its `request_id`.
void replace_saved_answer(sql::Transaction& tx, const std::string& account, const std::string& key,
                          const SavedAnswer& answer);

/// Forgets some answers whose time is over.
///
/// \return whether there may be more
bool prune_saved_answers(sql::Transaction& tx, Instant now);

/// False for what Stripe refuses before it begins to execute: such an answer is not saved, and a
/// corrected request may use the key again. (Recorded: these carry no Stripe-Should-Retry.)
bool began_executing(const StripeError& error);

}  // namespace turnpike::twin
