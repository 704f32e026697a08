#include "billing/life/wish.h"

#include <array>
#include <utility>

#include "audit/audit.h"
#include "billing/provider/customer_time.h"
#include "billing/records/begun_command.h"
#include "billing/records/paid_currency.h"
#include "billing/records/stored_checkout.h"
#include "billing/records/stored_provider_move.h"
#include "catalog/service.h"
#include "json/value.h"
#include "subscriptions/service.h"
#include "subscriptions/transitions.h"
#include "subscriptions/trials.h"

namespace turnpike {
namespace {

std::unexpected<Error> busy() { return std::unexpected(busy_subscription()); }

Result<std::monostate> check_ahead(const std::optional<Instant>& at, Instant now,
                                   std::chrono::days most) {
    if (at && *at <= now)
        return fail(ErrorCode::Unprocessable, "subscription.date_not_ahead",
                    "the date must lie ahead of the customer's " + format_rfc3339(now));
    if (at && *at > now + most)
        return fail(ErrorCode::Unprocessable, "subscription.date_too_far",
                    "the date must lie within the next " + std::to_string(most.count()) + " days");
    return std::monostate{};
}

Result<std::monostate> check_dates(const SubscriptionCommand& command, Instant now) {
    const bool is_trial =
        command.kind == CommandKind::Start || command.kind == CommandKind::EndTrial;
    return check_ahead(command.at, now,
                       is_trial ? std::chrono::days(kTrialDaysMax) : kPlannedAheadMax);
}

/// What the provider cannot do is refused before it is written down.
Result<std::monostate> check_abilities(const PaymentProvider& provider,
                                       const SubscriptionCommand& command) {
    switch (command.kind) {
        case CommandKind::Start:
            if (command.behavior && command.behavior != to_text(TrialEndBehavior::Cancel))
                return provider.check_ability(Ability::TrialEndBehaviors);
            break;
        case CommandKind::CancelAt: return provider.check_ability(Ability::EndOnDate);
        case CommandKind::Keep: return provider.check_ability(Ability::TakeBackEnd);
        case CommandKind::EndTrial:
            if (!command.at) return provider.check_ability(Ability::EndTrialNow);
            break;
        case CommandKind::Pause:
            if (command.behavior != to_text(PauseBehavior::Void)) {
                const auto able = provider.check_ability(Ability::PauseWithInvoices);
                if (!able) return failure(able);
            }
            if (command.at) return provider.check_ability(Ability::ResumeOnDate);
            break;
        case CommandKind::Change:
        case CommandKind::ChangeAtPeriodEnd:
        case CommandKind::DropChange:
        case CommandKind::CancelNow:
        case CommandKind::CancelAtPeriodEnd:
        case CommandKind::Resume: break;
    }
    return std::monostate{};
}

SubscriptionCommand written(Wish wish, BillingContext& billing) {
    const Instant now = billing.clock.now();
    wish.command.id = billing.ids.make<CommandId>(now);
    wish.command.created_at = now;
    return std::move(wish.command);
}

/// The same request under the same Idempotency-Key, after a crash: it goes on with its command, or
/// finds it done, whatever has become of the subscription since.
Result<Demanded> go_on(sql::Transaction& tx, SubscriptionCommand command) {
    auto subscription = load_subscription(tx, command.subscription);
    if (!subscription) return failure(subscription);
    if (command.state == CommandState::Done) return Demanded{*std::move(subscription), {}};
    return Demanded{*std::move(subscription), std::move(command), Attempt::Again};
}

/// What this request has begun before: a change may have been written down as one of three kinds.
std::optional<SubscriptionCommand> begun_wish(sql::Transaction& tx, const Wish& wish) {
    const CommandKind kind = wish.command.kind;
    auto begun = begun_command(tx, wish.authority, kind);
    if (begun || kind != CommandKind::Change) return begun;
    begun = begun_command(tx, wish.authority, CommandKind::ChangeAtPeriodEnd);
    return begun ? begun : begun_command(tx, wish.authority, CommandKind::DropChange);
}

/// Days are counted from the moment of each request, and so the end of a repetition is later.
/// \param now  at the customer's clock
bool is_same_trial(const StartRequest& request, const SubscriptionCommand& began,
                   const Subscription& live, Instant now) {
    if (!request.trial || !began.at) return request.trial.has_value() == began.at.has_value();
    if (request.trial->end == *began.at || !live.trial_start) return true;
    constexpr std::chrono::hours kTakesAtMost{1};
    const auto difference = (request.trial->end - now) - (*began.at - *live.trial_start);
    return std::chrono::abs(difference) < kTakesAtMost;
}

/// A start for a customer who has a subscription: the same request again goes on with it, or finds
/// it done.
Result<Demanded> request_start_again(sql::Transaction& tx, BillingContext& billing,
                                     const StartRequest& request, Subscription live) {
    const auto began = find_start_command(tx, live.id);
    const Instant now = customer_time(tx, request.customer, billing.clock.now());
    const bool same =
        live.provider == billing.provider.name() && began && began->price == request.price &&
        began->payment_method == request.payment_method && began->quantity == request.quantity &&
        is_same_trial(request, *began, live, now);
    if (live.status == SubscriptionStatus::Creating) {
        if (!same || began->state != CommandState::Pending) return busy();
        return Demanded{std::move(live), began, Attempt::Again};
    }
    const bool is_so = live.price == request.price && live.quantity == request.quantity;
    if (same && is_so && !is_canceling(live)) return Demanded{std::move(live), std::nullopt};
    return conflict("subscription.exists",
                    "the customer has a subscription already; change it instead");
}

Subscription creating(const StartRequest& request, BillingContext& billing) {
    const Instant now = billing.clock.now();
    Subscription subscription{
        .id = billing.ids.make<SubscriptionId>(now),
        .customer = request.customer,
        .plan_version = request.plan_version,
        .price = request.price,
        .provider = std::string(billing.provider.name()),
        .status = SubscriptionStatus::Creating,
        .period = {now, now},
        .quantity = request.quantity,
        .created_at = now,
        .version = 1,
    };
    if (request.trial) {
        subscription.trial_end = request.trial->end;
        subscription.trial_end_behavior = request.trial->behavior;
    }
    return subscription;
}

/// Changes are resolved to one of the two kinds; a change to what runs takes back what was planned.
Result<std::monostate> resolve_change(sql::Transaction& tx, const Subscription& subscription,
                                      Wish& wish) {
    SubscriptionCommand& command = wish.command;
    if (command.kind != CommandKind::Change) return std::monostate{};
    command.quantity = command.quantity.value_or(subscription.quantity);
    const auto direction = direction_of_change(tx, subscription, *command.price, *command.quantity);
    if (!direction) return failure(direction);
    const bool waits = *direction == Direction::Down && wish.when == ChangeWhen::ByDirection &&
                       subscription.status != SubscriptionStatus::Trialing;
    const bool is_planned = wish.when == ChangeWhen::AtPeriodEnd || waits;
    if (is_planned) command.kind = CommandKind::ChangeAtPeriodEnd;
    // Written down, for a second run may find the change mirrored already.
    if (!is_planned)
        command.behavior = *direction == Direction::Up ? "invoice_now" : "next_invoice";
    if (command.price == subscription.price && command.quantity == subscription.quantity)
        command.kind = CommandKind::DropChange;
    return std::monostate{};
}

}  // namespace

Result<Direction> direction_of_change(sql::Transaction& tx, const Subscription& from,
                                      const PriceId& price, std::int64_t quantity) {
    const auto ranks = plan_ranks(tx, from.price, price);
    if (!ranks) return failure(ranks);
    const auto before = load_price(tx, from.price);
    if (!before) return failure(before);
    const auto after = load_price(tx, price);
    if (!after) return failure(after);
    const auto days_of = [](const Recurrence& recurrence) {
        constexpr std::array<int, 4> kDays{1, 7, 30, 365};  // in the order of Interval
        return kDays.at(static_cast<std::size_t>(recurrence.interval)) * recurrence.count;
    };
    return direction_of({ranks->from, days_of(before->recurrence), from.quantity, before->amount},
                        {ranks->to, days_of(after->recurrence), quantity, after->amount});
}

Wish new_wish(const SubscriptionId& subscription, CommandKind kind, const Authority& authority) {
    return {.command = {.id = CommandId::trusted(""),
                        .subscription = subscription,
                        .kind = kind,
                        .actor = authority.actor,
                        .request_id = authority.request_id,
                        .created_at = {}},
            .authority = authority};
}

void record_command(sql::Transaction& tx, BillingContext& billing, const Subscription& subscription,
                    const SubscriptionCommand& command, std::string_view outcome) {
    Json detail{{"command", command.id.text()}};
    if (command.price) detail["price"] = command.price->text();
    if (command.quantity) detail["quantity"] = *command.quantity;
    if (command.at) detail["at"] = format_rfc3339(*command.at);
    if (command.behavior) detail["behavior"] = *command.behavior;
    if (command.feedback) detail["feedback"] = *command.feedback;
    record(tx,
           {.at = billing.clock.now(),
            .actor = command.actor,
            .action =
                "subscription." + std::string(to_text(command.kind)) + "_" + std::string(outcome),
            .object_id = subscription.id.text(),
            .customer = subscription.customer.text(),
            .request_id = command.request_id,
            .detail = detail},
           billing.ids);
}

Result<Demanded> request_start(sql::Transaction& tx, BillingContext& billing,
                               const StartRequest& request) {
    if (auto begun = begun_command(tx, request.authority, CommandKind::Start))
        return go_on(tx, *std::move(begun));
    lock_purchases(tx, request.customer);
    if (find_payable_checkout(tx, request.customer)) return busy();
    if (auto live = find_live_subscription(tx, request.customer))
        return request_start_again(tx, billing, request, *std::move(live));
    Subscription subscription = creating(request, billing);
    Wish wish = new_wish(subscription.id, CommandKind::Start, request.authority);
    wish.command.price = request.price;
    wish.command.payment_method = request.payment_method;
    wish.command.quantity = request.quantity;
    wish.command.first_payment_may_wait = request.first_payment == FirstPayment::MayWait;
    if (request.trial) {
        wish.command.at = request.trial->end;
        wish.command.behavior = std::string(to_text(request.trial->behavior));
    }
    const Instant now = billing.clock.now();
    const auto able = check_abilities(billing.provider, wish.command);
    if (!able) return failure(able);
    const auto dated = check_dates(wish.command, customer_time(tx, request.customer, now));
    if (!dated) return failure(dated);
    const auto currency =
        check_currency(tx, request.customer, subscription.provider, request.price);
    if (!currency) return failure(currency);

    if (!insert_subscription(tx, subscription)) return busy();
    if (request.trial && !use_trial(tx, subscription, now))
        return conflict("subscription.trial_used", "the customer has had a trial already");
    const auto command = written(std::move(wish), billing);
    if (!insert_command(tx, command)) return busy();
    note_command(tx, request.authority, command);
    record_command(tx, billing, subscription, command, "requested");
    return Demanded{std::move(subscription), command};
}

Result<Considered> consider_on_running(sql::Transaction& tx, const BillingContext& billing,
                                       Wish wish) {
    auto subscription = load_subscription(tx, wish.command.subscription);
    if (!subscription) return failure(subscription);
    if (const auto move = find_open_move(tx, wish.command.subscription))
        return conflict("subscription.moving",
                        "the subscription is moving to " + move->to_provider +
                            "; to change it here, move it to " + move->from_provider + " first");
    if (subscription->provider != billing.provider.name()) return busy();  // It has just moved.
    const Instant now = customer_time(tx, subscription->customer, billing.clock.now());
    const auto resolved = resolve_change(tx, *subscription, wish);
    if (!resolved) return failure(resolved);
    const auto status = status_at(access_terms(*subscription), now);
    const auto ruling = ruling_of(status, wish.command.kind);
    const bool has_begun = ruling != Ruling::Busy && ruling != Ruling::Ended;
    if (ruling == Ruling::Done || (has_begun && is_so_already(*subscription, wish.command)))
        return Considered{*std::move(subscription), {}};
    if (auto refusal = refusal_of(*subscription, wish.command, now))
        return std::unexpected(*std::move(refusal));
    const auto able = check_abilities(billing.provider, wish.command);
    if (!able) return failure(able);
    const auto dated = check_dates(wish.command, now);
    if (!dated) return failure(dated);
    if (wish.command.price) {
        const auto currency =
            check_currency(tx, subscription->customer, subscription->provider, *wish.command.price);
        if (!currency) return failure(currency);
    }
    if (wish.command.kind == CommandKind::Keep && subscription->pending_change) {
        wish.command.price = subscription->pending_change->price;
        wish.command.quantity = subscription->pending_change->quantity;
    }
    return Considered{*std::move(subscription), std::move(wish)};
}

Result<Demanded> request_on_running(sql::Transaction& tx, BillingContext& billing, Wish wish) {
    if (auto begun = begun_wish(tx, wish)) return go_on(tx, *std::move(begun));
    const auto preview = wish.preview;
    const Authority authority = wish.authority;
    auto considered = consider_on_running(tx, billing, std::move(wish));
    if (!considered) return failure(considered);
    auto& [subscription, wanted] = *considered;
    if (!wanted) return Demanded{std::move(subscription), {}};
    const auto command = written(*std::move(wanted), billing);
    if (!insert_command(tx, command)) return busy();
    note_command(tx, authority, command);
    if (preview) {
        const auto used = use_preview(tx, *preview, command, billing.clock.now());
        if (!used) return failure(used);
    }
    record_command(tx, billing, subscription, command, "requested");
    return Demanded{std::move(subscription), command};
}

}  // namespace turnpike
