#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "invoicing/refund.h"
#include "invoicing/refund_filter.h"
#include "sql/sql.h"

namespace turnpike {

/// Errors: NotFound "refund.not_found".
Result<Refund> load_refund(sql::Transaction& tx, const RefundId& id);
std::optional<Refund> find_refund_of_provider(sql::Transaction& tx, std::string_view provider,
                                              std::string_view provider_id);
std::optional<Dispute> find_dispute_of_provider(sql::Transaction& tx, std::string_view provider,
                                                std::string_view provider_id);

/// Takes the refund's amount out of what is left of its invoice, and inserts the row: one statement
/// decides, so that however many ask at once, never more goes back than was paid. False, and
/// nothing is done, when it does not fit or the payment is disputed.
bool reserve_refund(sql::Transaction& tx, const Refund& refund);
/// Takes one that was abandoned up again, as creating. nullopt when it no longer fits, or the
/// provider has it after all; the transaction must then be rolled back.
std::optional<Refund> reserve_refund_again(sql::Transaction& tx, const Refund& abandoned,
                                           Instant now);
/// Which payment of the invoice's it takes from; the first choice stays.
void name_payment(sql::Transaction& tx, const RefundId& id, std::string_view payment);
/// One that the provider will not make: what it has reserved is free again. nullopt, and nothing is
/// done, when the provider has confirmed it meanwhile.
std::optional<Refund> abandon_refund(sql::Transaction& tx, const RefundId& id,
                                     std::string_view failure_reason, Instant now);

/// Writes the provider's state of it, when `ticket` is newer than what was applied, and counts its
/// invoice anew. Of a row that is there already (by id) the id stays, and so do customer, invoice
/// and reason that the new state does not say.
/// \return what is kept; nullopt when a newer reply was applied before
std::optional<Refund> keep_refund(sql::Transaction& tx, const Refund& refund, std::int64_t ticket,
                                  Instant now);
std::optional<Dispute> keep_dispute(sql::Transaction& tx, const Dispute& dispute,
                                    std::int64_t ticket, Instant now);

/// Newest first.
std::vector<Refund> list_refunds(sql::Transaction& tx, const RefundFilter& filter,
                                 const PageQuery& page);
std::vector<Dispute> list_disputes(sql::Transaction& tx, const RefundFilter& filter,
                                   const PageQuery& page);
/// That wait for the provider since before `until`, oldest first.
std::vector<Refund> refunds_creating(sql::Transaction& tx, std::string_view provider, Instant until,
                                     int limit);

}  // namespace turnpike
