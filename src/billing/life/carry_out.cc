#include "billing/life/carry_out.h"

#include <utility>

#include "billing/life/mirror.h"
#include "billing/life/period_close.h"
#include "billing/life/sync.h"
#include "billing/provider/provider_objects.h"
#include "billing/telling/letters.h"
#include "billing/telling/moves.h"
#include "payments/card_refusals.h"
#include "payments/errors.h"
#include "subscriptions/service.h"
#include "subscriptions/trials.h"

namespace turnpike {
namespace {

/// Writes down that a command ended without effect. A start leaves no subscription behind.
Result<std::monostate> give_up(sql::Transaction& tx, BillingContext& billing,
                               const SubscriptionCommand& command, const Error& error) {
    const Instant now = billing.clock.now();
    if (!finish_command(tx, command.id, CommandState::Failed, error.reason.text(), now))
        return std::monostate{};
    auto subscription = load_subscription(tx, command.subscription);
    if (!subscription) return failure(subscription);
    record_command(tx, billing, *subscription, command, "failed");
    const bool never_was = command.kind == CommandKind::Start &&
                           subscription->status == SubscriptionStatus::Creating &&
                           !subscription->provider_subscription_id;
    if (!never_was) return std::monostate{};
    give_trial_back(tx, subscription->id);
    subscription->status = SubscriptionStatus::IncompleteExpired;
    subscription->ended_at = now;
    const auto saved = save_subscription(tx, *std::move(subscription), now);
    if (!saved) return failure(saved);
    return std::monostate{};
}

/// What the provider need not keep for us: why somebody cancels, and that a planned change is not
/// wanted any more.
/// \return the subscription as it was, whose planned change another one takes the place of: what
/// people are told of that depends on what the provider says it is now
Result<std::optional<Subscription>> keep_our_part(sql::Transaction& tx, BillingContext& billing,
                                                  const SubscriptionCommand& command, Instant now) {
    const bool replaces =
        command.kind == CommandKind::DropChange || command.kind == CommandKind::Change;
    const bool says_why = command.comment || command.feedback;
    if (!replaces && !says_why) return std::optional<Subscription>();
    auto before = load_subscription(tx, command.subscription);
    if (!before) return failure(before);
    Subscription wanted = *before;
    if (replaces) wanted.pending_change = std::nullopt;
    if (command.comment) wanted.cancel_comment = command.comment;
    if (command.feedback) wanted.cancel_feedback = command.feedback;
    const auto saved = save_subscription(tx, wanted, now);
    if (!saved) return failure(saved);
    if (!replaces || !before->pending_change) return std::optional<Subscription>();
    if (command.kind == CommandKind::Change) return std::optional(*std::move(before));
    tell_subscription_move(tx, {billing.ids, now, {command.actor, command.request_id}}, *before,
                           *saved);
    return std::optional<Subscription>();
}

/// Applies the provider's answer and finishes the command, in one transaction.
Result<Subscription> apply_answer(sql::Transaction& tx, BillingContext& billing,
                                  const SubscriptionCommand& command,
                                  const ProviderSubscription& answer, std::int64_t ticket) {
    const Instant now = billing.clock.now();
    const auto replanned = keep_our_part(tx, billing, command, now);
    if (!replanned) return failure(replanned);
    const MirrorScope scope{billing.provider.name(),
                            billing.ids,
                            now,
                            Authority{command.actor, command.request_id},
                            ticket,
                            billing.grace};
    const auto mirrored = mirror_subscription(tx, scope, answer);
    if (!mirrored) return failure(mirrored);
    finish_command(tx, command.id, CommandState::Done, "", now);
    auto after = load_subscription(tx, command.subscription);
    // The mirror, which has told of the new change, has not seen that another one was planned.
    if (after && *replanned && !after->pending_change)
        write_subscription_letter(tx, **replanned, *after, now, billing.ids);
    return after;
}

/// The bank wants the cardholder. The same change again, which waits until its invoice is paid; the
/// error then says where.
asio::awaitable<Result<ProviderSubscription>> let_change_wait(BillingContext& billing,
                                                              SubscriptionChange change,
                                                              Error wanted) {
    change.obligation += ":wait";
    change.payment = FirstPayment::MayWait;
    const std::string price = change.price;
    const std::int64_t quantity = change.quantity;
    auto waiting = co_await billing.provider.change_subscription(std::move(change));
    if (!waiting || !waiting->latest_invoice) co_return waiting;
    if (waiting->price == price && waiting->quantity == quantity) co_return waiting;
    const auto invoice = co_await billing.provider.get_invoice(*waiting->latest_invoice);
    if (!invoice) co_return failure(invoice);
    if (invoice->hosted_url) {
        wanted.message =
            "the bank wants the cardholder to confirm the payment (3-D Secure): let the customer "
            "pay and confirm it at hosted_url within 23 hours, and the plan changes then";
        wanted.details.emplace_back("hosted_url", *invoice->hosted_url);
    }
    co_return std::unexpected(std::move(wanted));
}

asio::awaitable<Result<ProviderSubscription>> send_change(BillingContext& billing,
                                                          const Subscription& subscription,
                                                          const SubscriptionCommand& command) {
    const auto price = co_await ensure_provider_price(billing, *command.price);
    if (!price) co_return failure(price);
    const auto shown = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_preview_of_command(tx, command.id); });
    SubscriptionChange change{
        .obligation = "command:" + command.id.text() + ":change",
        .subscription = *subscription.provider_subscription_id,
        .item = *subscription.provider_item_id,
        .price = *price,
        .billing = command.behavior == "invoice_now" ? ProrationBilling::Now
                                                     : ProrationBilling::NextInvoice,
        .quantity = command.quantity.value_or(subscription.quantity),
        .proration_date = shown ? std::optional(shown->proration_date) : std::nullopt,
    };
    auto changed = co_await billing.provider.change_subscription(change);
    const bool wants_cardholder = !changed && changed.error().reason == kAuthenticationRequired;
    if (!wants_cardholder) co_return changed;
    co_return co_await let_change_wait(billing, std::move(change), std::move(changed).error());
}

asio::awaitable<Result<ProviderSubscription>> send_plan(BillingContext& billing,
                                                        const Subscription& subscription,
                                                        const SubscriptionCommand& command) {
    const auto price = co_await ensure_provider_price(billing, *command.price);
    if (!price) co_return failure(price);
    SubscriptionPlan plan{
        .obligation = "command:" + command.id.text() + ":plan",
        .subscription = *subscription.provider_subscription_id,
        .price = *price,
        .quantity = command.quantity.value_or(subscription.quantity),
    };
    co_return co_await billing.provider.plan_change(std::move(plan));
}

asio::awaitable<Result<ProviderSubscription>> send_cancel(BillingContext& billing,
                                                          const Subscription& subscription,
                                                          const SubscriptionCommand& command,
                                                          CancelWhen when) {
    SubscriptionCancel cancel{
        .obligation = "command:" + command.id.text() + ":cancel",
        .subscription = *subscription.provider_subscription_id,
        .when = when,
        .at = command.at,
        .comment = command.comment,
        .feedback = command.feedback,
    };
    co_return co_await billing.provider.cancel_subscription(std::move(cancel));
}

/// Keeping also plans again what waited behind the planned end.
asio::awaitable<Result<ProviderSubscription>> send_keep(BillingContext& billing,
                                                        const Subscription& subscription,
                                                        const SubscriptionCommand& command) {
    auto kept = co_await send_cancel(billing, subscription, command, CancelWhen::Never);
    if (!kept || !command.price) co_return kept;
    auto planned = co_await send_plan(billing, subscription, command);
    if (planned) co_return planned;
    // The end is taken back, so the command may not end as if nothing had happened; a final no to
    // the change leaves the subscription kept, without it.
    if (may_succeed_later(planned.error())) {
        planned.error().code = ErrorCode::OutcomeUnknown;
        co_return planned;
    }
    co_return kept;
}

asio::awaitable<Result<ProviderSubscription>> send_pause(BillingContext& billing,
                                                         const Subscription& subscription,
                                                         const SubscriptionCommand& command) {
    SubscriptionPause pause{
        .obligation = "command:" + command.id.text() + ":pause",
        .subscription = *subscription.provider_subscription_id,
        .pause = {.behavior = command.behavior.value_or("void"), .resumes_at = command.at},
    };
    co_return co_await billing.provider.pause_subscription(std::move(pause));
}

asio::awaitable<Result<ProviderSubscription>> send_trial_end(BillingContext& billing,
                                                             const Subscription& subscription,
                                                             const SubscriptionCommand& command) {
    TrialEnd end{
        .obligation = "command:" + command.id.text() + ":end_trial",
        .subscription = *subscription.provider_subscription_id,
        .at = command.at,
    };
    co_return co_await billing.provider.end_trial(std::move(end));
}

asio::awaitable<Result<ProviderSubscription>> send(BillingContext& billing,
                                                   const Requested& requested) {
    const auto& [subscription, command, attempt] = requested;
    switch (command.kind) {
        case CommandKind::Start: co_return co_await send_start(billing, requested);
        case CommandKind::Change: co_return co_await send_change(billing, subscription, command);
        case CommandKind::ChangeAtPeriodEnd:
            co_return co_await send_plan(billing, subscription, command);
        case CommandKind::DropChange:
            co_return co_await billing.provider.drop_planned_change(
                "command:" + command.id.text() + ":drop", *subscription.provider_subscription_id);
        case CommandKind::CancelNow:
            co_return co_await send_cancel(billing, subscription, command, CancelWhen::Now);
        case CommandKind::CancelAtPeriodEnd:
            co_return co_await send_cancel(billing, subscription, command, CancelWhen::AtPeriodEnd);
        case CommandKind::CancelAt:
            co_return co_await send_cancel(billing, subscription, command, CancelWhen::OnDate);
        case CommandKind::Keep: co_return co_await send_keep(billing, subscription, command);
        case CommandKind::Pause: co_return co_await send_pause(billing, subscription, command);
        case CommandKind::Resume:
            co_return co_await billing.provider.resume_subscription(
                "command:" + command.id.text() + ":resume", *subscription.provider_subscription_id);
        case CommandKind::EndTrial:
            co_return co_await send_trial_end(billing, subscription, command);
    }
    co_return unavailable("subscription.unknown_command", "the command is of an unknown kind");
}

}  // namespace

bool is_open(const Error& error, Attempt attempt) {
    if (error.code == ErrorCode::OutcomeUnknown) return true;
    return error.code == ErrorCode::Unavailable && attempt == Attempt::Again;
}

asio::awaitable<Result<Subscription>> carry_out(BillingContext& billing, Requested requested) {
    const auto asked_at =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    const auto answer = co_await send(billing, requested);
    const auto& command = requested.command;
    if (!answer) {
        if (!is_open(answer.error(), requested.attempt)) {
            const auto given_up = co_await billing.db.write([&](sql::Transaction& tx) {
                return give_up(tx, billing, command, answer.error());
            });
            if (!given_up) co_return failure(given_up);
        }
        co_return failure(answer);
    }
    // The answer may be older than what an event has made us fetch meanwhile; a look with a ticket
    // of its own is not. Without one the answer counts, which is as old as its call.
    const auto looked_at =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    const auto fresh = co_await billing.provider.get_subscription(answer->id);
    const auto applied = co_await billing.db.write([&](sql::Transaction& tx) {
        return fresh ? apply_answer(tx, billing, command, *fresh, looked_at)
                     : apply_answer(tx, billing, command, *answer, asked_at);
    });
    if (!applied) co_return failure(applied);
    billing.standings.invalidate(applied->customer);

    // The subscription stands; what hangs on it is repeated by the worker if it fails now.
    const Authority authority{command.actor, command.request_id};
    if (answer->latest_invoice)
        (void)co_await sync_invoice(billing, *answer->latest_invoice, authority);
    (void)co_await run_period_closes(billing, applied->id, authority);
    co_await compare_with_preview(billing, command, *answer);
    co_return applied;
}

}  // namespace turnpike
