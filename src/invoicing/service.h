#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "invoicing/filter.h"
#include "invoicing/invoice.h"
#include "sql/sql.h"

namespace turnpike {

/// With its lines. Errors: NotFound "invoice.not_found".
Result<Invoice> load_invoice(sql::Transaction& tx, const InvoiceId& id);
/// With its lines.
std::optional<Invoice> find_invoice_of_provider(sql::Transaction& tx, std::string_view provider,
                                                std::string_view provider_id);

/// Makes the mirror equal to `invoice`, lines included, if `ticket` is newer than what was applied.
/// The row's id is kept when the provider's invoice is known already; line ids too.
/// \return the id under which it is kept, or nullopt when a newer reply was applied before
std::optional<InvoiceId> mirror_invoice(sql::Transaction& tx, const Invoice& invoice,
                                        std::int64_t ticket, Instant now);

/// Newest first, with their lines or without.
enum class InvoiceLines : bool { Omit, Load };
std::vector<Invoice> list_invoices(sql::Transaction& tx, const InvoiceFilter& filter,
                                   const PageQuery& page, InvoiceLines lines);
/// Of one customer when named.
inline std::vector<Invoice> list_invoices(sql::Transaction& tx,
                                          const std::optional<CustomerId>& customer,
                                          const PageQuery& page,
                                          InvoiceLines lines = InvoiceLines::Load) {
    InvoiceFilter filter;
    if (customer) filter.customers = std::vector{*customer};
    return list_invoices(tx, filter, page, lines);
}

/// Every invoice of this provider, by id order after `after`, without lines; for reconciliation.
std::vector<Invoice> invoices_at_provider(sql::Transaction& tx, std::string_view provider,
                                          const std::string& after, int limit);

}  // namespace turnpike
