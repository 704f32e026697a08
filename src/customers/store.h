#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "customers/customer.h"
#include "sql/sql.h"

namespace turnpike {

/// Errors: NotFound "customer.not_found".
Result<Customer> load_customer(sql::Transaction& tx, const CustomerId& id);
std::optional<Customer> find_customer_by_external_id(sql::Transaction& tx,
                                                     std::string_view external_id);
/// False, and no change, when the external id is taken.
bool insert_customer(sql::Transaction& tx, const Customer& customer);
/// Writes e-mail, name and metadata. Errors: Conflict "customer.changed" when someone else saved
/// first.
Result<Customer> save_customer(sql::Transaction& tx, Customer customer);
/// Newest first; page.fetch() customers at most.
std::vector<Customer> list_customers(sql::Transaction& tx, const PageQuery& page);

/// The one wording for "absent" and "somebody else's", so that nobody can tell them apart.
std::unexpected<Error> no_such_customer();

}  // namespace turnpike
