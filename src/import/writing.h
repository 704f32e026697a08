#pragma once

#include <expected>
#include <optional>
#include <string>

#include "audit/audit.h"
#include "catalog/catalog.h"
#include "import/foreign_customer.h"
#include "import/provider_look.h"
#include "sql/sql.h"

namespace turnpike {

/// Why a customer cannot be written.
struct Refusal {
    std::string code;
    std::string detail;
};

/// Whether the ledger has the subscription that the row names.
///
/// Errors: a refusal, when it is another customer's.
std::expected<bool, Refusal> is_taken_over(sql::Transaction& tx, const Catalog& catalog,
                                           const ForeignCustomer& customer,
                                           const ForeignSubscription& said);

/// On whose word, and when.
struct WritingScope {
    const Catalog& catalog;
    IdSource& ids;
    Instant now;
    Authority authority;
};

struct WrittenCustomer {
    CustomerId id;
    bool is_new = false;
    bool has_new_subscription = false;
    std::optional<std::string> other_details{};  ///< what the ledger says otherwise, and keeps
};

/// Creates the customer unless it is there, and takes the subscription over: links customer and
/// price with the provider's, then mirrors what was found. A price that the catalog sells under
/// another one of the provider's is known from then on, and not sold.
///
/// \param found  null: no subscription, or one that is there already
/// Errors: a refusal; the transaction must be rolled back then.
std::expected<WrittenCustomer, Refusal> write_customer(sql::Transaction& tx,
                                                       const WritingScope& scope,
                                                       const ForeignCustomer& customer,
                                                       const FoundSubscription* found);

}  // namespace turnpike
