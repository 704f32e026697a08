#include "sandbox/stripe/invoices/webhook_wait.h"

#include <algorithm>
#include <chrono>

#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/invoices/due_dates.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/webhooks/webhooks.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {

std::optional<Instant> webhook_wait(Context& ctx, const Json& draft) {
    const std::chrono::hours longest(integer_of(invoice_settings(ctx), "webhook_wait_hours"));
    const Instant until = *instant_of(draft, "created") + longest;
    const Instant now = second_of(ctx, text_of(draft, "customer"));
    if (now >= until || !is_refused(ctx, "invoice.created", draft)) return std::nullopt;
    return std::min(now + kDraftLifetime, until);
}

}  // namespace turnpike::twin
