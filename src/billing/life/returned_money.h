#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "billing/life/mirror.h"
#include "billing/provider/context.h"
#include "invoicing/refund.h"
#include "payments/refunds.h"

/// Money that goes back, as the provider tells of it.
namespace turnpike {

/// Makes our row equal to the provider's refund: found by the provider's id, or by the obligation
/// that we have made it under. It takes money off the invoice that it was paid with, if the ledger
/// has that. nullopt: a newer reply was applied before.
/// Errors: Unprocessable "refund.unknown_status".
Result<std::optional<Refund>> mirror_refund(sql::Transaction& tx, const MirrorScope& scope,
                                            const ProviderRefund& theirs);
/// The same. Errors: Unprocessable "dispute.unknown_status".
Result<std::optional<Dispute>> mirror_dispute(sql::Transaction& tx, const MirrorScope& scope,
                                              const ProviderDispute& theirs);

/// Asks the provider for one refund, or dispute, and applies its whole state. One that is gone
/// there is no error. Errors: those of PaymentProvider and of mirror_*.
asio::awaitable<Result<std::monostate>> sync_refund(BillingContext& billing,
                                                    std::string provider_id, Authority authority);
asio::awaitable<Result<std::monostate>> sync_dispute(BillingContext& billing,
                                                     std::string provider_id, Authority authority);
/// The refunds of one payment: all that can be taken in. Errors: the first one that could not, so
/// that whoever asks comes again.
asio::awaitable<Result<std::monostate>> sync_refunds_of(BillingContext& billing,
                                                        std::string payment, Authority authority);

/// Whose events never came: refunds, and disputes where they are listed, that began at the provider
/// since then and the ledger does not know so, and what was on its way or open when it was last
/// heard of, oldest first. What cannot be taken in is logged, and left to the next time. Errors:
/// Unavailable of PaymentProvider; those of its lists.
asio::awaitable<Result<std::monostate>> catch_up_returns(BillingContext& billing, Instant since,
                                                         Authority authority);

/// What a refund of ours is to the provider: "refund:ref_..".
std::string obligation_of(const RefundId& refund);

}  // namespace turnpike
