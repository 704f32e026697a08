#include "billing/life/refunding.h"

#include <algorithm>
#include <utility>

#include "access/keyed_request.h"
#include "billing/life/carry_out.h"
#include "billing/life/mirror.h"
#include "billing/life/returned_money.h"
#include "billing/telling/moves.h"
#include "invoicing/refunds.h"
#include "invoicing/service.h"
#include "payments/errors.h"
#include "payments/intents.h"

namespace turnpike {
namespace {

constexpr int kRefundBatch = 100;

struct AskedRefund {
    Refund refund;
    Attempt attempt = Attempt::First;
    Authority authority;
};

Error outrun() {
    return {.code = ErrorCode::Conflict,
            .reason = "refund.busy",
            .message = "another refund of this invoice was faster; look again"};
}

/// What this very request has begun in a run before.
std::optional<Refund> begun_refund(sql::Transaction& tx, const Authority& authority) {
    const auto noted = noted_progress(tx, authority.once);
    const auto id = noted ? RefundId::parse(*noted) : std::nullopt;
    if (!id) return std::nullopt;
    auto refund = load_refund(tx, *id);
    if (!refund) return std::nullopt;
    return *std::move(refund);
}

/// What was given up is taken up again, under the same obligation: one request is never two of
/// them.
Result<AskedRefund> go_on_with(sql::Transaction& tx, BillingContext& billing, Refund begun,
                               const Authority& authority) {
    const bool is_given_up = begun.status == RefundStatus::Failed && !begun.provider_refund;
    if (!is_given_up) return AskedRefund{std::move(begun), Attempt::Again, authority};
    const Instant now = billing.clock.now();
    auto taken_up = reserve_refund_again(tx, begun, now);
    if (!taken_up) return std::unexpected(outrun());
    tell_refund_move(tx, {billing.ids, now, authority}, begun, *taken_up);
    return AskedRefund{*std::move(taken_up), Attempt::First, authority};
}

Result<AskedRefund> request_refund(sql::Transaction& tx, BillingContext& billing,
                                   const RefundRequest& request) {
    if (auto begun = begun_refund(tx, request.authority))
        return go_on_with(tx, billing, *std::move(begun), request.authority);
    const auto invoice = load_invoice(tx, request.invoice);
    if (!invoice) return failure(invoice);
    const auto amount = refundable(*invoice, request.wish);
    if (!amount) return failure(amount);
    const Instant now = billing.clock.now();
    Refund refund{.id = billing.ids.make<RefundId>(now),
                  .provider = invoice->provider,
                  .customer = invoice->customer,
                  .invoice = invoice->id,
                  .amount = *amount,
                  .reason = request.reason,
                  .created_at = now};
    if (!reserve_refund(tx, refund)) return std::unexpected(outrun());
    note_progress(tx, request.authority.once, refund.id.text());
    tell_refund_move(tx, {billing.ids, now, request.authority}, std::nullopt, refund);
    return AskedRefund{std::move(refund), Attempt::First, request.authority};
}

/// One of the payments of the invoice's that has enough left.
Result<std::string> choose_payment(const std::vector<ProviderPayment>& payments,
                                   const Money& amount) {
    for (const auto& payment : payments)
        if (payment.left.currency() == amount.currency() && payment.left.minor() >= amount.minor())
            return payment.id;
    if (payments.empty())
        return conflict("refund.paid_elsewhere",
                        "the invoice was not paid through the provider; nothing can go back there");
    const auto& most =
        *std::ranges::max_element(payments, {}, [](const auto& p) { return p.left.minor(); });
    auto error = fail(ErrorCode::Unprocessable, "refund.several_payments",
                      "no payment of this invoice has as much left; ask for parts");
    error.error().details.emplace_back("amount_left", std::to_string(most.left.minor()));
    return error;
}

/// The payment is chosen once: asked again, the provider must be asked for the same.
asio::awaitable<Result<std::string>> payment_of(BillingContext& billing, const Refund& refund) {
    if (!refund.payment.empty()) co_return refund.payment;
    const auto invoice = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_invoice(tx, *refund.invoice); });
    if (!invoice) co_return failure(invoice);
    const auto payments =
        co_await billing.provider.payments_of_invoice(invoice->provider_invoice_id);
    if (!payments) co_return failure(payments);
    const auto chosen = choose_payment(*payments, refund.amount);
    if (!chosen) co_return failure(chosen);
    co_return co_await billing.db.write([&](sql::Transaction& tx) -> Result<std::string> {
        name_payment(tx, refund.id, *chosen);
        const auto named = load_refund(tx, refund.id);
        if (!named) return failure(named);
        return named->payment;
    });
}

asio::awaitable<Result<ProviderRefund>> send_refund(BillingContext& billing, const Refund& refund) {
    auto payment = co_await payment_of(billing, refund);
    if (!payment) co_return failure(payment);
    NewRefund wanted{.obligation = obligation_of(refund.id),
                     .payment = *std::move(payment),
                     .amount = refund.amount,
                     .reason = refund.reason};
    co_return co_await billing.provider.create_refund(std::move(wanted));
}

/// Whether it was never sent, or was refused; anything else may have moved money.
bool is_proven_not_made(sql::Transaction& tx, const Refund& refund) {
    const auto intent = find_intent(tx, refund.provider, obligation_of(refund.id));
    return !intent || intent->state == IntentState::Pending ||
           intent->state == IntentState::Refused;
}

/// \return whether it is given up; otherwise the worker finds out
bool give_refund_up(sql::Transaction& tx, const MoveNote& note, const Refund& refund,
                    const Error& error) {
    if (!is_proven_not_made(tx, refund)) return false;
    const auto abandoned = abandon_refund(tx, refund.id, error.reason.text(), note.now);
    if (abandoned) tell_refund_move(tx, note, refund, *abandoned);
    return true;
}

/// What the provider said to a call that left after `ticket` was taken.
struct RefundAnswer {
    ProviderRefund refund;
    std::int64_t ticket = 0;
};

/// What the provider has made, by a look that is newer than whatever an event has brought. Without
/// one the answer counts, which is as old as its call.
asio::awaitable<Result<Refund>> apply_refund(BillingContext& billing, const AskedRefund& asked,
                                             RefundAnswer answer) {
    const auto looked_at =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    auto fresh = co_await billing.provider.get_refund(answer.refund.id);
    if (fresh) answer = {*std::move(fresh), looked_at};
    const MirrorScope scope{.provider = billing.provider.name(),
                            .ids = billing.ids,
                            .now = billing.clock.now(),
                            .authority = asked.authority,
                            .ticket = answer.ticket};
    const auto applied = co_await billing.db.write([&](sql::Transaction& tx) -> Result<Refund> {
        const auto mirrored = mirror_refund(tx, scope, answer.refund);
        if (!mirrored) return failure(mirrored);
        return load_refund(tx, asked.refund.id);
    });
    if (applied) co_return applied;
    // It was made: no error may say that it was not.
    co_return outcome_unknown(billing.provider.name(), applied.error().message, std::nullopt);
}

asio::awaitable<Result<Refund>> carry_out_refund(BillingContext& billing, AskedRefund asked) {
    if (asked.refund.provider_refund) co_return std::move(asked.refund);
    const auto asked_at =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    auto answer = co_await send_refund(billing, asked.refund);
    if (answer) {
        RefundAnswer made{*std::move(answer), asked_at};
        co_return co_await apply_refund(billing, asked, std::move(made));
    }
    if (is_open(answer.error(), asked.attempt)) co_return failure(answer);
    const MoveNote note{billing.ids, billing.clock.now(), asked.authority};
    const bool is_given_up = co_await billing.db.write([&](sql::Transaction& tx) {
        return give_refund_up(tx, note, asked.refund, answer.error());
    });
    if (is_given_up) co_return failure(answer);
    co_return outcome_unknown(billing.provider.name(), answer.error().message, std::nullopt);
}

}  // namespace

asio::awaitable<Result<Refund>> refund_invoice(BillingContext& billing, RefundRequest request) {
    auto asked = co_await billing.db.write(
        [&](sql::Transaction& tx) { return request_refund(tx, billing, request); });
    if (!asked) co_return failure(asked);
    co_return co_await carry_out_refund(billing, *std::move(asked));
}

asio::awaitable<std::int64_t> finish_refunds(BillingContext& billing, Instant before,
                                             Authority authority, PassLog& log) {
    auto waiting = co_await billing.db.read([&](sql::Transaction& tx) {
        return refunds_creating(tx, billing.provider.name(), before, kRefundBatch);
    });
    std::int64_t finished = 0;
    for (auto& refund : waiting) {
        const std::string id = refund.id.text();
        AskedRefund asked{std::move(refund), Attempt::Again, authority};
        const auto done = co_await carry_out_refund(billing, std::move(asked));
        if (!done) {
            log.tell("refund", id, done.error());
            continue;
        }
        log.tell_success("refund", id);
        ++finished;
    }
    co_return finished;
}

}  // namespace turnpike
