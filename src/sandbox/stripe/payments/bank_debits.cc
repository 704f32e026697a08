#include "sandbox/stripe/payments/bank_debits.h"

#include <utility>

#include "base/check.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/cards/sepa_debit.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/payments/payment_intents.h"

namespace turnpike::twin {
namespace {

std::string clock_of(Context& ctx, const Json& intent) {
    const auto customer = ctx.find("customer", text_of(intent, "customer"));
    return customer ? text_of(*customer, "test_clock") : "";
}

const TestBankAccount& debited_account(const Json& method) {
    const auto* account = bank_account_of(method);
    check(account != nullptr, "only a bank account is debited");
    return *account;
}

Json pay_intent(Context& ctx, Json intent, const Json& method, const Json& charge) {
    keep_for_later(ctx, intent, method);
    return succeed_payment_intent(ctx, std::move(intent), charge);
}

}  // namespace

Json start_debit(Context& ctx, Json intent, const Json& method) {
    const Json charge = make_pending_charge(ctx, intent, method);
    intent["latest_charge"] = charge.at("id");
    intent["last_payment_error"] = nullptr;
    intent["next_action"] = nullptr;
    intent["status"] = "processing";
    ctx.put(intent);
    const auto now = ctx.now_of(text_of(intent, "customer"));
    ctx.put_due(intent, now + debited_account(method).answers_after, clock_of(ctx, intent));
    ctx.emit("payment_intent.processing", intent);
    return intent;
}

void settle_debit(Context& ctx, Json intent) {
    const auto method = ctx.find("payment_method", text_of(intent, "payment_method"));
    check(method.has_value(), "a payment method is never removed");
    ctx.put_due(intent, std::nullopt, clock_of(ctx, intent));
    const Decline* refusal = debited_account(*method).refusal;
    const Json charge = settle_pending_charge(ctx, text_of(intent, "latest_charge"), refusal);
    const Json answered =
        refusal == nullptr
            ? pay_intent(ctx, std::move(intent), *method, charge)
            : decline_payment_intent(ctx, std::move(intent), {*method, charge, *refusal}).intent;
    tell_listeners(ctx, kDebitAnswered, answered);
}

}  // namespace turnpike::twin
