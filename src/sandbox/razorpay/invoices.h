#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "sandbox/razorpay/context.h"
#include "sandbox/razorpay/payments.h"

namespace turnpike::twin::razorpay {

struct InvoiceLine {
    std::string name;
    std::int64_t unit_amount = 0;
    std::int64_t quantity = 1;
    std::string type = "plan";  ///< or "addon"
};

/// What a bill of a subscription is about; the bill is issued, not paid. Makes its order, too.
struct NewInvoice {
    std::string subscription_id;
    std::string currency;
    std::vector<InvoiceLine> lines;
    Json notes = Json::array();
};
Json issue_invoice(Context& ctx, const NewInvoice& invoice);

/// The time that the invoice is for. Not stored.
void set_billing_period(Json& invoice, const Period& period);

/// One try to collect it. Changes and stores the invoice; raises payment.*, order.paid and, once it
/// is paid, invoice.paid. Returns the payment.
Json charge_invoice(Context& ctx, Json& invoice, const Instrument& instrument,
                    const Json& customer);

std::span<const Route> invoice_routes();

}  // namespace turnpike::twin::razorpay
