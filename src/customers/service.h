#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "audit/audit.h"
#include "base/error.h"
#include "customers/customer.h"
#include "customers/store.h"
#include "customers/test_clock.h"
#include "sql/sql.h"

namespace turnpike {

/// By "cus_...", "ext:<external id>", or a plain external id.
///
/// Errors: NotFound "customer.not_found", also for a text that is neither.
Result<Customer> find_customer(sql::Transaction& tx, std::string_view ref);

/// The same, for somebody who may be a customer himself: he finds himself and nobody else.
Result<Customer> find_visible_customer(sql::Transaction& tx, const Principal& caller,
                                       std::string_view ref);

/// Gets or creates, with one audit record for a creation. However many callers meet here at once,
/// there is one customer (unique external_id). An e-mail that is not one is left out; a known
/// customer without an e-mail gets this one.
///
/// Errors: InvalidArgument "customer.invalid_external_id".
Result<Customer> ensure_customer(sql::Transaction& tx, std::string_view external_id,
                                 const std::optional<std::string>& email, Instant now,
                                 IdSource& ids);

/// The customer that the caller is: created when a user's token is seen for the first time.
///
/// Errors: Forbidden "customer.not_a_customer" for sellers and administrators; NotFound
///         "customer.not_found" for a key whose customer is gone; those of ensure_customer.
Result<Customer> customer_of(sql::Transaction& tx, const Principal& caller, Instant now,
                             IdSource& ids);

/// Errors: Conflict "customer.exists"; Unprocessable "customer.unknown_test_clock"; those of
/// check_external_id, check_email and refuse_card_numbers.
Result<Customer> create_customer(sql::Transaction& tx, const CustomerDraft& draft,
                                 const Authority& authority, Instant now, IdSource& ids);

/// A patch of one customer, by whom and when.
struct CustomerChange {
    std::string ref;  ///< as find_customer takes it
    CustomerPatch patch;
    Authority authority;
};
/// A patch that changes nothing leaves the version and the audit alone.
///
/// Errors: NotFound "customer.not_found"; Conflict "customer.changed"; those of apply_patch.
Result<Customer> change_customer(sql::Transaction& tx, const CustomerChange& change, Instant now,
                                 IdSource& ids);

/// The customer's own now: the frozen time of its test clock, or the system's.
Instant now_of(sql::Transaction& tx, const Customer& customer, Instant system_now);

}  // namespace turnpike
