#include "billing/commands.h"

#include <algorithm>

#include "audit/audit.h"
#include "billing/begun_command.h"
#include "billing/mirror.h"
#include "billing/payment_methods.h"
#include "billing/period_close.h"
#include "billing/provider_objects.h"
#include "billing/sync.h"
#include "catalog/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// Whether an earlier run of this command may already have reached the provider: then "nothing
/// happened in this call" does not mean that nothing happened.
enum class Attempt : bool { First, Again };

struct Requested {
    Subscription subscription;
    SubscriptionCommand command;
    Attempt attempt = Attempt::First;
};

/// nullopt in `command` when there is nothing to do.
struct Demanded {
    Subscription subscription;
    std::optional<SubscriptionCommand> command;
    Attempt attempt = Attempt::First;
};

SubscriptionCommand new_command(const Subscription& subscription, CommandKind kind,
                                const Authority& authority, IdSource& ids, Instant now) {
    return SubscriptionCommand{
        .id = ids.make<CommandId>(now),
        .subscription = subscription.id,
        .kind = kind,
        .price = std::nullopt,
        .payment_method = std::nullopt,
        .state = CommandState::Pending,
        .actor = authority.actor,
        .request_id = authority.request_id,
        .created_at = now,
    };
}

/// Where and when an audit row is written.
struct Ledger {
    sql::Transaction& tx;
    IdSource& ids;
    Instant now;
};

void record_command(const Ledger& ledger, const Subscription& subscription,
                    const SubscriptionCommand& command, std::string_view outcome) {
    Json detail{{"command", command.id.text()}};
    if (command.price) detail["price"] = command.price->text();
    record(ledger.tx,
           {.at = ledger.now,
            .actor = command.actor,
            .action =
                "subscription." + std::string(to_text(command.kind)) + "_" + std::string(outcome),
            .object_id = subscription.id.text(),
            .customer = subscription.customer.text(),
            .request_id = command.request_id,
            .detail = detail},
           ledger.ids);
}

std::unexpected<Error> busy() {
    auto error = Error{ErrorCode::Conflict, "subscription.busy",
                       "another change of this subscription is under way; try again shortly"};
    error.retry_after_s = 2;
    return std::unexpected(std::move(error));
}

/// A start for a customer who has a subscription: the same request again goes on with it, or finds
/// it done.
Result<Demanded> request_start_again(sql::Transaction& tx, const StartRequest& request,
                                     Subscription live) {
    const auto began = find_start_command(tx, live.id);
    const bool same =
        began && began->price == request.price && began->payment_method == request.payment_method;
    if (live.status == SubscriptionStatus::Creating) {
        if (!same || began->state != CommandState::Pending) return busy();
        return Demanded{std::move(live), began, Attempt::Again};
    }
    if (same && live.price == request.price && !live.cancel_at_period_end)
        return Demanded{std::move(live), std::nullopt};
    return conflict("subscription.exists",
                    "the customer has a subscription already; change it instead");
}

/// The same request under the same Idempotency-Key, after a crash: it goes on with its command, or
/// finds it done, whatever has become of the subscription since.
Result<Demanded> go_on(sql::Transaction& tx, SubscriptionCommand command) {
    auto subscription = load_subscription(tx, command.subscription);
    if (!subscription) return failure(subscription);
    if (command.state == CommandState::Done) return Demanded{*std::move(subscription), {}};
    return Demanded{*std::move(subscription), std::move(command), Attempt::Again};
}

Result<Demanded> request_start(sql::Transaction& tx, const StartRequest& request,
                               std::string_view provider, IdSource& ids, Instant now) {
    if (auto begun = begun_command(tx, request.authority, CommandKind::Start))
        return go_on(tx, *std::move(begun));
    if (auto live = find_live_subscription(tx, request.customer))
        return request_start_again(tx, request, *std::move(live));
    Subscription subscription{
        .id = ids.make<SubscriptionId>(now),
        .customer = request.customer,
        .plan_version = request.plan_version,
        .price = request.price,
        .provider = std::string(provider),
        .status = SubscriptionStatus::Creating,
        .period = {now, now},
        .created_at = now,
        .version = 1,
    };
    if (!insert_subscription(tx, subscription)) return busy();
    auto command = new_command(subscription, CommandKind::Start, request.authority, ids, now);
    command.price = request.price;
    command.payment_method = request.payment_method;
    if (!insert_command(tx, command)) return busy();
    note_command(tx, request.authority, command);
    record_command({tx, ids, now}, subscription, command, "requested");
    return Demanded{std::move(subscription), std::move(command)};
}

/// What to do on a subscription that runs: nothing when it is so already.
struct Demand {
    SubscriptionId subscription;
    CommandKind kind;
    std::optional<PriceId> price;
    Authority authority;
};

bool is_so_already(const Subscription& subscription, const Demand& demand) {
    switch (demand.kind) {
        case CommandKind::Change: return subscription.price == demand.price;
        case CommandKind::CancelAtPeriodEnd: return subscription.cancel_at_period_end;
        case CommandKind::Keep: return !subscription.cancel_at_period_end;
        case CommandKind::Start:
        case CommandKind::CancelNow: return false;
    }
    return false;
}

Result<Demanded> request_on_running(sql::Transaction& tx, const Demand& demand, IdSource& ids,
                                    Instant now) {
    if (auto begun = begun_command(tx, demand.authority, demand.kind))
        return go_on(tx, *std::move(begun));
    auto subscription = load_subscription(tx, demand.subscription);
    if (!subscription) return failure(subscription);
    if (subscription->ended_at)
        return conflict("subscription.ended", "the subscription has ended; start a new one");
    if (subscription->status == SubscriptionStatus::Creating) return busy();
    if (is_so_already(*subscription, demand)) return Demanded{*std::move(subscription), {}};
    auto command = new_command(*subscription, demand.kind, demand.authority, ids, now);
    command.price = demand.price;
    if (!insert_command(tx, command)) return busy();
    note_command(tx, demand.authority, command);
    record_command({tx, ids, now}, *subscription, command, "requested");
    return Demanded{*std::move(subscription), std::move(command)};
}

/// Writes down that a command ended without effect. A start leaves no subscription behind.
Result<std::monostate> give_up(sql::Transaction& tx, const SubscriptionCommand& command,
                               const Error& error, IdSource& ids, Instant now) {
    if (!finish_command(tx, command.id, CommandState::Failed, error.reason.text(), now))
        return std::monostate{};
    auto subscription = load_subscription(tx, command.subscription);
    if (!subscription) return failure(subscription);
    record_command({tx, ids, now}, *subscription, command, "failed");
    const bool never_was = command.kind == CommandKind::Start &&
                           subscription->status == SubscriptionStatus::Creating &&
                           !subscription->provider_subscription_id;
    if (!never_was) return std::monostate{};
    subscription->status = SubscriptionStatus::IncompleteExpired;
    subscription->ended_at = now;
    const auto saved = save_subscription(tx, *std::move(subscription), now);
    if (!saved) return failure(saved);
    return std::monostate{};
}

/// True while the provider may have done it, or may still: the command must stay pending.
bool is_open(const Error& error, Attempt attempt) {
    if (error.code == ErrorCode::OutcomeUnknown) return true;
    return error.code == ErrorCode::Unavailable && attempt == Attempt::Again;
}

/// Applies the provider's answer and finishes the command, in one transaction.
Result<Subscription> apply_answer(sql::Transaction& tx, BillingContext& billing,
                                  const SubscriptionCommand& command,
                                  const ProviderSubscription& answer, std::int64_t ticket) {
    const Instant now = billing.clock.now();
    const MirrorScope scope{billing.provider.name(), billing.ids, now,
                            Authority{command.actor, command.request_id}, ticket};
    const auto mirrored = mirror_subscription(tx, scope, answer);
    if (!mirrored) return failure(mirrored);
    finish_command(tx, command.id, CommandState::Done, "", now);
    return load_subscription(tx, command.subscription);
}

/// A card that the command brings along.
struct BroughtCard {
    std::string method;  ///< provider's id; "" when the command names none
    bool was_on_file = true;
};

asio::awaitable<Result<BroughtCard>> attach_brought_card(BillingContext& billing,
                                                         const std::string& customer,
                                                         const Requested& requested) {
    const auto& named = requested.command.payment_method;
    // What is on file says something at the first run only. A later one may find the card that the
    // first has attached, or miss the card that the first was charged to.
    bool was_on_file = true;
    if (requested.attempt == Attempt::First) {
        const auto before = co_await billing.provider.list_payment_methods(customer);
        if (!before) co_return failure(before);
        if (!named && std::ranges::none_of(*before, &PaymentMethodOnFile::is_default))
            co_return invalid_argument("payment.method_required",
                                       "there is no card to charge: send payment_method_id, or "
                                       "make a card the default first");
        was_on_file =
            named && std::ranges::find(*before, *named, &PaymentMethodOnFile::id) != before->end();
    }
    if (!named) co_return BroughtCard{};
    const auto attached = co_await billing.provider.attach_payment_method(
        "subscription:" + requested.subscription.id.text() + ":attach", customer, *named);
    if (!attached) co_return failure(attached);
    co_return BroughtCard{attached->id, was_on_file};
}

asio::awaitable<Result<ProviderSubscription>> send_start(BillingContext& billing,
                                                         const Requested& requested) {
    const auto& subscription = requested.subscription;
    const auto customer = co_await ensure_provider_customer(billing, subscription.customer);
    if (!customer) co_return failure(customer);
    const auto price = co_await ensure_provider_price(billing, *requested.command.price);
    if (!price) co_return failure(price);
    const auto card = co_await attach_brought_card(billing, *customer, requested);
    if (!card) co_return failure(card);
    const std::string root = "subscription:" + subscription.id.text();
    NewSubscription request{
        .subscription = subscription.id,
        .obligation = root + ":start",
        .customer = *customer,
        .price = *price,
        .payment_method = card->method,
    };
    auto started = co_await billing.provider.start_subscription(std::move(request));
    // Neither failure below undoes the start: the subscription is charged to its own card, and a
    // refused card that stays on file is charged for nothing.
    if (started && !card->method.empty())
        (void)co_await billing.provider.set_default_payment_method(root + ":default", *customer,
                                                                   card->method);
    if (!started && !card->was_on_file && !is_open(started.error(), requested.attempt))
        (void)co_await billing.provider.detach_payment_method(root + ":detach", card->method);
    co_return started;
}

asio::awaitable<Result<ProviderSubscription>> send_change(BillingContext& billing,
                                                          const Subscription& subscription,
                                                          const SubscriptionCommand& command) {
    const auto price = co_await ensure_provider_price(billing, *command.price);
    if (!price) co_return failure(price);
    const auto direction = co_await billing.db.read(
        [&](sql::Transaction& tx) { return plan_ranks(tx, subscription.price, *command.price); });
    if (!direction) co_return failure(direction);
    SubscriptionChange change{
        .obligation = "command:" + command.id.text() + ":change",
        .subscription = *subscription.provider_subscription_id,
        .item = *subscription.provider_item_id,
        .price = *price,
        .billing = direction->to >= direction->from ? ProrationBilling::Now
                                                    : ProrationBilling::NextInvoice,
    };
    co_return co_await billing.provider.change_subscription(std::move(change));
}

asio::awaitable<Result<ProviderSubscription>> send_cancel(BillingContext& billing,
                                                          const Subscription& subscription,
                                                          const SubscriptionCommand& command,
                                                          CancelWhen when) {
    SubscriptionCancel cancel{
        .obligation = "command:" + command.id.text() + ":cancel",
        .subscription = *subscription.provider_subscription_id,
        .when = when,
    };
    co_return co_await billing.provider.cancel_subscription(std::move(cancel));
}

asio::awaitable<Result<ProviderSubscription>> send(BillingContext& billing,
                                                   const Requested& requested) {
    const auto& [subscription, command, attempt] = requested;
    switch (command.kind) {
        case CommandKind::Start: co_return co_await send_start(billing, requested);
        case CommandKind::Change: co_return co_await send_change(billing, subscription, command);
        case CommandKind::CancelNow:
            co_return co_await send_cancel(billing, subscription, command, CancelWhen::Now);
        case CommandKind::CancelAtPeriodEnd:
            co_return co_await send_cancel(billing, subscription, command, CancelWhen::AtPeriodEnd);
        case CommandKind::Keep:
            co_return co_await send_cancel(billing, subscription, command, CancelWhen::Never);
    }
    co_return unavailable("subscription.unknown_command", "the command is of an unknown kind");
}

asio::awaitable<Result<Subscription>> carry_out(BillingContext& billing, Requested requested) {
    const auto answer = co_await send(billing, requested);
    const auto& command = requested.command;
    if (!answer) {
        if (!is_open(answer.error(), requested.attempt)) {
            const auto given_up = co_await billing.db.write([&](sql::Transaction& tx) {
                return give_up(tx, command, answer.error(), billing.ids, billing.clock.now());
            });
            if (!given_up) co_return failure(given_up);
        }
        co_return failure(answer);
    }
    // The answer may be older than what an event has made us fetch meanwhile; a look with a ticket
    // of its own is not.
    const auto ticket =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    const auto fresh = co_await billing.provider.get_subscription(answer->id);
    const auto applied = co_await billing.db.write([&](sql::Transaction& tx) {
        return apply_answer(tx, billing, command, fresh ? *fresh : *answer, ticket);
    });
    if (!applied) co_return failure(applied);
    billing.standings.invalidate(applied->customer);

    // The subscription stands; what hangs on it is repeated by the worker if it fails now.
    const Authority authority{command.actor, command.request_id};
    if (answer->latest_invoice)
        (void)co_await sync_invoice(billing, *answer->latest_invoice, authority);
    (void)co_await run_period_closes(billing, applied->id, authority);
    co_return applied;
}

asio::awaitable<Result<Subscription>> meet(BillingContext& billing, Demanded demanded) {
    if (!demanded.command) co_return std::move(demanded.subscription);
    Requested requested{std::move(demanded.subscription), *std::move(demanded.command),
                        demanded.attempt};
    co_return co_await carry_out(billing, std::move(requested));
}

asio::awaitable<Result<Subscription>> ask_running(BillingContext& billing, Demand demand) {
    auto demanded = co_await billing.db.write([&](sql::Transaction& tx) {
        return request_on_running(tx, demand, billing.ids, billing.clock.now());
    });
    if (!demanded) co_return failure(demanded);
    co_return co_await meet(billing, *std::move(demanded));
}

CommandKind kind_of(CancelWhen when) {
    switch (when) {
        case CancelWhen::Now: return CommandKind::CancelNow;
        case CancelWhen::AtPeriodEnd: return CommandKind::CancelAtPeriodEnd;
        case CancelWhen::Never: return CommandKind::Keep;
    }
    return CommandKind::Keep;
}

}  // namespace

asio::awaitable<Result<Subscription>> start_subscription(BillingContext& billing,
                                                         StartRequest request) {
    if (request.payment_method) {
        const auto possible = check_method_id(*request.payment_method);
        if (!possible) co_return failure(possible);
    }
    auto demanded = co_await billing.db.write([&](sql::Transaction& tx) {
        return request_start(tx, request, billing.provider.name(), billing.ids,
                             billing.clock.now());
    });
    if (!demanded) co_return failure(demanded);
    co_return co_await meet(billing, *std::move(demanded));
}

asio::awaitable<Result<Subscription>> change_subscription(BillingContext& billing,
                                                          ChangeRequest request) {
    Demand demand{std::move(request.subscription), CommandKind::Change, std::move(request.price),
                  std::move(request.authority)};
    co_return co_await ask_running(billing, std::move(demand));
}

asio::awaitable<Result<Subscription>> cancel_subscription(BillingContext& billing,
                                                          CancelRequest request) {
    Demand demand{std::move(request.subscription), kind_of(request.when), std::nullopt,
                  std::move(request.authority)};
    co_return co_await ask_running(billing, std::move(demand));
}

asio::awaitable<Result<Subscription>> resume_command(BillingContext& billing,
                                                     SubscriptionCommand command) {
    auto subscription = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, command.subscription); });
    if (!subscription) co_return failure(subscription);
    Requested requested{*std::move(subscription), std::move(command), Attempt::Again};
    co_return co_await carry_out(billing, std::move(requested));
}

}  // namespace turnpike
