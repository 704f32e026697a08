#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "billing/provider/context.h"
#include "billing/provider/pass_log.h"
#include "invoicing/refund.h"

namespace turnpike {

struct RefundRequest {
    InvoiceId invoice;
    RefundWish wish;
    std::optional<std::string> reason;  ///< duplicate, fraudulent, requested_by_customer
    Authority authority;
};

/// Gives money of a paid invoice back. What goes back is taken off what is left of the invoice, and
/// the row is committed, before the provider hears of it: however many ask at once, no more goes
/// back than was paid. A refund that the provider refuses, or that provably was not made, is kept
/// as failed, and its money is free again. The same request again goes on with what it has begun,
/// failed or not, under the same obligation.
///
/// \param billing  of the provider that was paid
/// Errors: NotFound "invoice.not_found"; those of refundable(); Conflict "refund.paid_elsewhere",
///         "refund.busy"; Unprocessable "refund.several_payments"; those of PaymentProvider. After
///         OutcomeUnknown the money stays reserved, and the worker finds out. Any other error says
///         that nothing was made.
asio::awaitable<Result<Refund>> refund_invoice(BillingContext& billing, RefundRequest request);

/// Goes on with every refund created before `before` that the provider has not confirmed.
/// \return how many were finished
asio::awaitable<std::int64_t> finish_refunds(BillingContext& billing, Instant before,
                                             Authority authority, PassLog& log);

}  // namespace turnpike
