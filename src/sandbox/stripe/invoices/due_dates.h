#pragma once

#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// What the due date of an invoice that is sent to its customer brings while the invoice is open:
/// invoice.will_be_due before it, then what kInvoicePastDue tells, invoice.overdue, and after a
/// last delay the end of waiting for it (retries_exhausted()).
namespace turnpike::twin {

/// Plans them for an invoice that is being finalized, and that the caller stores; none for one that
/// is charged automatically. It is too late for a reminder whose time has passed.
void plan_due_date(Context& ctx, Json& invoice);
/// The one that is due now, and plans the next.
void step_due_date(Context& ctx, Json invoice);

/// What the account's invoices do by themselves: `will_be_due_days` before the due date,
/// `overdue_days` and `final_due_days` after it, which at Stripe automations and the dashboard say,
/// and `webhook_wait_hours` (webhook_wait.h).
Json invoice_settings(Context& ctx);
/// GET and POST /_sandbox/invoice_settings.
const Feature& due_date_feature();

}  // namespace turnpike::twin
