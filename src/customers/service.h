#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "audit/audit.h"
#include "base/error.h"
#include "customers/customer.h"
#include "customers/store.h"
#include "customers/test_clock.h"
#include "sql/sql.h"

namespace turnpike {

/// By "cus_...", "ext:<external id>", or a plain external id; those of customers of another catalog
/// than the primary one are qualified ("learning-app~alice").
///
/// Errors: NotFound "customer.not_found", also for a text that is neither.
Result<Customer> find_customer(sql::Transaction& tx, std::string_view ref);

/// The customers that a user's token stands for: one in each catalog from which he buys.
/// \param subject  a bare external id
std::vector<CustomerId> customers_of_subject(sql::Transaction& tx, std::string_view subject);

/// The same, for somebody who may be a customer himself: he finds himself, in any catalog, and
/// nobody else.
Result<Customer> find_visible_customer(sql::Transaction& tx, const Principal& caller,
                                       std::string_view ref);

/// Gets or creates, with one audit record for a creation. However many callers meet here at once,
/// there is one customer (unique external_id). An e-mail that is not one is left out; a known
/// customer without an e-mail gets this one.
///
/// \param who  its catalog may be any key, and "" for the primary one; its key is a bare external
/// id Errors: InvalidArgument "customer.invalid_external_id", "customer.unknown_catalog".
Result<Customer> ensure_customer(sql::Transaction& tx, const QualifiedName& who,
                                 const std::optional<std::string>& email, Instant now,
                                 IdSource& ids);
/// The same in the primary catalog.
Result<Customer> ensure_customer(sql::Transaction& tx, std::string_view external_id,
                                 const std::optional<std::string>& email, Instant now,
                                 IdSource& ids);

/// The customer that the caller is in a catalog, "" for the primary one: created when a user's
/// token is seen there for the first time. Who uses two catalogs is two customers.
///
/// Errors: Forbidden "customer.not_a_customer" for sellers and administrators; NotFound
///         "customer.not_found" for a key whose customer is gone or buys from another catalog than
///         the one that is named; those of ensure_customer.
Result<Customer> customer_of(sql::Transaction& tx, const Principal& caller, Instant now,
                             IdSource& ids, std::string_view catalog = {});

/// Errors: Conflict "customer.exists"; Unprocessable "customer.unknown_test_clock"; InvalidArgument
/// "customer.unknown_catalog"; those of check_external_id and check_email.
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
