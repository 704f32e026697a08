#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "catalog/qualified_name.h"
#include "customers/customer.h"
#include "sql/sql.h"

namespace turnpike {

/// Errors: NotFound "customer.not_found".
Result<Customer> load_customer(sql::Transaction& tx, const CustomerId& id);
std::optional<Customer> find_customer_by_external_id(sql::Transaction& tx,
                                                     std::string_view external_id);
/// Where a customer of this catalog is kept, and under which name.
struct CustomerHome {
    std::string catalog;      ///< key; "" in a ledger without any
    std::string external_id;  ///< qualified where the catalog is not the primary one
};
/// \param who  its catalog may be any key, and "" for the primary one
/// Errors: InvalidArgument "customer.invalid_external_id", "customer.unknown_catalog".
Result<CustomerHome> find_home(sql::Transaction& tx, const QualifiedName& who);
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
