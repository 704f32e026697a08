#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/context.h"

/// Bank accounts for SEPA direct debits. Stripe's published test IBANs are the whole bank.
namespace turnpike::twin {

/// What the bank answers to a debit, which it does not do at once.
struct TestBankAccount {
    std::string_view iban;
    std::chrono::seconds answers_after;
    const Decline* refusal = nullptr;  ///< null: it pays
};

std::span<const TestBankAccount> test_bank_accounts();
/// The account behind a payment method's document; nullptr if it is of another type.
const TestBankAccount* bank_account_of(const Json& payment_method);

/// Reads sepa_debit[iban] and billing_details, whose name and email it needs. Not stored yet.
/// Errors: 400 for a text that is no IBAN, and for an IBAN that is not one of the test accounts.
Outcome<Json> read_sepa_debit(Context& ctx, Params& params);

}  // namespace turnpike::twin
