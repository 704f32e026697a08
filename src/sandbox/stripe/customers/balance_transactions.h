#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// The ledger behind a customer's balance (object "customer_balance_transaction"). An amount below
/// zero is credit for the customer, as the balance is.
namespace turnpike::twin {

struct BalanceChange {
    std::string type;  ///< "adjustment", "applied_to_invoice", "credit_note", ...
    std::int64_t amount = 0;
    std::string currency{};
    std::string invoice{}, credit_note{}, description{};  ///< "" if none
};
/// Records a change of a balance that becomes `ending_balance`; the caller stores the customer.
/// Returns the document.
Json record_balance_change(Context& ctx, const std::string& customer, std::int64_t ending_balance,
                           const BalanceChange& change);

/// The same for a stored customer whose balance was set and had been `before`; nothing when that is
/// no change. `type` is "initial" or "adjustment".
void record_set_balance(Context& ctx, const Json& customer, std::int64_t before, std::string type);

/// Changes a customer's balance, records that, and raises customer.updated. Returns the record's
/// document. Errors: 400 when there is no such customer (any more).
Outcome<Json> change_balance(Context& ctx, const std::string& customer,
                             const BalanceChange& change);

/// Why finalizing an invoice takes the balance from `starting` to `ending`: up to two changes,
/// whose amounts add up to the difference. What is owed below the smallest charge, or to the
/// customer by a negative total, is "invoice_too_small"; the rest is "applied_to_invoice". Only
/// type and amount are set.
std::vector<BalanceChange> changes_at_finalization(std::int64_t starting, std::int64_t ending);

const Feature& balance_transaction_feature();

}  // namespace turnpike::twin
