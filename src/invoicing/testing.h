#pragma once

#include <string>

#include "base/id.h"
#include "base/time.h"
#include "invoicing/invoice.h"

namespace turnpike {

/// A paid invoice of Stripe's without lines, of which nothing has gone back.
inline Invoice paid_invoice(IdSource& ids, const CustomerId& customer, Money paid, Instant at) {
    const Money none(0, paid.currency());
    return {.id = ids.make<InvoiceId>(at),
            .customer = customer,
            .subscription = {},
            .provider = "stripe",
            .provider_invoice_id = "in_1",
            .number = {},
            .status = InvoiceStatus::Paid,
            .billing_reason = "subscription_create",
            .subtotal = paid,
            .total = paid,
            .amount_due = none,
            .amount_paid = paid,
            .tax = none,
            .discount = none,
            .credit_applied = none,
            .credited = none,
            .refunded = none,
            .due_at = {},
            .hosted_url = {},
            .pdf_url = {},
            .period = {at, at},
            .issued_at = at,
            .paid_at = at,
            .created_at = at,
            .lines = {}};
}

}  // namespace turnpike
