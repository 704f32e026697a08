#pragma once

#include <string>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/credit_notes/credit_amounts.h"
#include "sandbox/stripe/credit_notes/credit_note_params.h"

/// Stripe's credit notes: they take from what a finalized invoice still asks for, and pay back what
/// was paid. issued -> void, while the invoice is open.
namespace turnpike::twin {

/// A credit note that nothing speaks against; nothing has happened yet.
struct PlannedCredit {
    Json note;  ///< the document, without refunds and balance transaction that are still to be made
    Json invoice;
    CreditSplit split;
    Payout payout;
};
/// Errors: 400 when the invoice is unknown, a draft or void, when a line or the whole note takes
/// more than is left, when the payout is not the part that was paid, or when it goes to the balance
/// of a customer who was deleted.
Outcome<PlannedCredit> plan_credit(Context& ctx, const CreditRequest& request);

/// Refunds, credits the customer's balance, reduces the invoice, stores the note, and raises
/// credit_note.created last. An open invoice of which nothing is left becomes paid.
/// Errors: those of refunds and of changes of the balance.
Outcome<Json> issue_credit_note(Context& ctx, PlannedCredit plan);

/// The invoice asks again for what the note had taken. Errors: 400 unless the invoice is open and
/// the note is issued and paid nothing back.
Outcome<Json> void_credit_note(Context& ctx, Json note);

const Feature& credit_note_feature();

}  // namespace turnpike::twin
