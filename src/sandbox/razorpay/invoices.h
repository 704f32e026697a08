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
    std::string name{};
    std::string description{};
    std::int64_t unit_amount = 0;
    std::int64_t quantity = 1;
    std::string type = "plan";  ///< or "addon"; "invoice" on an invoice of its own
};

struct NewInvoice {
    std::string subscription_id{};  ///< "" for an invoice of its own
    std::string currency;
    std::vector<InvoiceLine> lines;
    std::int64_t amount = 0;  ///< of a link, which has no lines
    Json notes = Json::array();
    Json customer{};  ///< a customer's document, or null
};
/// Without an order: nobody can pay it yet. Stored.
Json draft_invoice(Context& ctx, const NewInvoice& invoice);
/// Issues a draft: makes its order. Its private members _sms_notify and _email_notify say whether
/// anybody is to be told, which in this sandbox stays pending. Changes and stores it.
void open_invoice(Context& ctx, Json& invoice);
/// Both: a bill of a subscription.
Json issue_invoice(Context& ctx, const NewInvoice& invoice);

/// The engine's step: nobody has paid it until its expire_by.
void expire_invoice(Context& ctx, Json invoice);

/// The time that the invoice is for. Not stored.
void set_billing_period(Json& invoice, const Period& period);

/// One try to collect it. Changes and stores the invoice; raises payment.*, order.paid and, once it
/// is paid, invoice.paid. Returns the payment.
Json charge_invoice(Context& ctx, Json& invoice, const Instrument& instrument,
                    const Json& customer);

std::span<const Route> invoice_routes();

}  // namespace turnpike::twin::razorpay
