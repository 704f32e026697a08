#include "billing/life/provider_move.h"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "audit/audit.h"
#include "billing/life/new_subscription.h"
#include "billing/life/sync.h"
#include "billing/provider/payment_methods.h"
#include "billing/provider/provider_objects.h"
#include "billing/records/paid_currency.h"
#include "billing/records/stored_close.h"
#include "billing/telling/moves.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using State = ProviderMove::State;

constexpr int kMovesBatch = 100;
constexpr int kStepsMax = 6;
/// A period that ends sooner is not moved any more: the old provider might renew it meanwhile.
constexpr std::chrono::hours kMovesBefore{2};
/// When the new provider must know whether the customer has authorised: see NewSubscription.
constexpr std::chrono::minutes kSettledBefore{55};
constexpr Reason kMovedTooLate = "subscription.move_too_late";
constexpr Reason kGivenUp = "subscription.move_given_up";
constexpr Reason kNotAuthorized = "subscription.not_authorized";

using Stepped = asio::awaitable<Result<std::monostate>>;

std::string move_obligation(const ProviderMove& move, std::string_view what) {
    return "move:" + move.id.text() + ":" + std::string(what);
}

void record_move(sql::Transaction& tx, const MoveNote& note, const ProviderMove& move,
                 const CustomerId& customer, std::string_view outcome) {
    record(tx,
           {.at = note.now,
            .actor = note.authority.actor,
            .action = "subscription.move_" + std::string(outcome),
            .object_id = move.subscription.text(),
            .customer = customer.text(),
            .request_id = note.authority.request_id,
            .detail = Json{{"move", move.id.text()},
                           {"from", move.from_provider},
                           {"to", move.to_provider},
                           {"begins_at", format_rfc3339(move.begins_at)}}},
           note.ids);
}

/// Into another state, with an audit row for where it ends up.
Result<std::monostate> advance_with_record(sql::Transaction& tx, BillingContexts& billing,
                                           const ProviderMove& move, State to,
                                           std::string_view reason) {
    const Instant now = billing.clock.now();
    if (!advance_move(tx, move, to, reason, now)) return std::monostate{};
    const auto subscription = load_subscription(tx, move.subscription);
    if (!subscription) return failure(subscription);
    record_move(tx, {billing.ids, now, move.authority}, move, subscription->customer, to_text(to));
    return std::monostate{};
}

Stepped write_advance(BillingContexts& billing, const ProviderMove& move, State to,
                      std::string_view reason) {
    co_return co_await billing.db.write(
        [&](sql::Transaction& tx) { return advance_with_record(tx, billing, move, to, reason); });
}

Result<std::monostate> check_movable(const Subscription& subscription, Instant now) {
    const auto no = [](std::string why) {
        return conflict("subscription.not_movable",
                        "the subscription cannot move to another provider now: " + std::move(why));
    };
    if (subscription.status != SubscriptionStatus::Active &&
        subscription.status != SubscriptionStatus::Trialing)
        return no("it is " + std::string(to_text(subscription.status)));
    if (subscription.pause) return no("it is paused");
    if (subscription.pending_change) return no("a change of it is planned");
    if (is_canceling(subscription)) return no("it is to end");
    if (subscription.period.end < now + kMovesBefore)
        return no("its period is about to end; wait for the next one");
    return std::monostate{};
}

std::unexpected<Error> moving_elsewhere(const ProviderMove& move) {
    return conflict("subscription.moving", "the subscription is moving to " + move.to_provider +
                                               "; to stay, move it to " + move.from_provider);
}

/// Of a subscription that is moving already.
Result<std::optional<ProviderMove>> ask_again(sql::Transaction& tx, BillingContexts& billing,
                                              const MoveRequest& request,
                                              const ProviderMove& open) {
    if (request.provider == open.to_provider) return std::optional(open);
    if (request.provider != open.from_provider || open.state != State::Waiting)
        return moving_elsewhere(open);
    const auto given_up = advance_with_record(tx, billing, open, State::Abandoning, "");
    if (!given_up) return failure(given_up);
    return find_move(tx, open.id);
}

/// nullopt: there is nothing to do.
Result<std::optional<ProviderMove>> request_move(sql::Transaction& tx, BillingContexts& billing,
                                                 const MoveRequest& request) {
    const Instant now = billing.clock.now();
    const auto subscription = load_subscription(tx, request.subscription);
    if (!subscription) return failure(subscription);
    if (subscription->ended_at)
        return conflict("subscription.ended", "the subscription has ended; start a new one");
    if (const auto open = find_open_move(tx, request.subscription))
        return ask_again(tx, billing, request, *open);
    if (subscription->provider == request.provider) return std::optional<ProviderMove>();
    const auto movable = check_movable(*subscription, now);
    if (!movable) return failure(movable);
    const auto currency =
        check_currency(tx, subscription->customer, request.provider, subscription->price);
    if (!currency) return failure(currency);
    if (find_pending_command(tx, request.subscription))
        return conflict("subscription.busy", "a change of this subscription is under way");
    ProviderMove move{.id = billing.ids.make<ProviderMoveId>(now),
                      .subscription = request.subscription,
                      .from_provider = subscription->provider,
                      .from_subscription = *subscription->provider_subscription_id,
                      .to_provider = request.provider,
                      .to_subscription = "",
                      .payment_method = request.payment_method,
                      .begins_at = subscription->period.end,
                      .authorization_url = std::nullopt,
                      .state = State::Beginning,
                      .error_reason = std::nullopt,
                      .authority = request.authority,
                      .created_at = now};
    if (!insert_move(tx, move)) return conflict("subscription.busy", "it is moving already");
    record_move(tx, {billing.ids, now, request.authority}, move, subscription->customer,
                "requested");
    return std::optional(std::move(move));
}

/// The new provider's object, made once.
asio::awaitable<Result<ProviderSubscription>> start_there(BillingContext& to,
                                                          const ProviderMove& move) {
    const auto subscription = co_await to.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, move.subscription); });
    if (!subscription) co_return failure(subscription);
    const auto customer = co_await ensure_provider_customer(to, subscription->customer);
    if (!customer) co_return failure(customer);
    const auto price = co_await ensure_provider_price(to, subscription->price);
    if (!price) co_return failure(price);
    BringCard bring{.customer = *customer,
                    .method = move.payment_method,
                    .obligation = move_obligation(move, "attach"),
                    // Nothing is charged yet, so what is on file is asked for each time.
                    .attempt = Attempt::First};
    const auto card = co_await attach_brought_card(to, std::move(bring));
    if (!card) co_return failure(card);
    NewSubscription request{.subscription = move.subscription,
                            .obligation = move_obligation(move, "start"),
                            .customer = *customer,
                            .price = *price,
                            .payment_method = card->method,
                            .quantity = subscription->quantity,
                            .begins_at = move.begins_at};
    co_return co_await to.provider.start_subscription(std::move(request));
}

bool is_authorized(const ProviderSubscription& theirs) {
    return theirs.status == "trialing" || theirs.status == "active";
}

Stepped begin_move(BillingContexts& billing, BillingContext& to, const ProviderMove& move) {
    const auto started = co_await start_there(to, move);
    if (!started) {
        // Nothing has changed for the customer; whoever asked decides whether to ask again.
        if (!may_be_open(started.error())) {
            const auto failed =
                co_await write_advance(billing, move, State::Failed, started.error().reason.text());
            if (!failed) co_return failure(failed);
        }
        co_return failure(started);
    }
    co_return co_await billing.db.write([&](sql::Transaction& tx) {
        set_new_object(tx, move.id, {started->id, started->authorization_url});
        return advance_with_record(tx, billing, move,
                                   is_authorized(*started) ? State::Ending : State::Waiting, "");
    });
}

/// Both are there now: it is the new provider's from here on.
Result<std::monostate> switch_over(sql::Transaction& tx, BillingContext& to,
                                   const ProviderMove& move, const ProviderSubscription& theirs,
                                   std::int64_t ticket) {
    const Instant now = to.clock.now();
    if (!advance_move(tx, move, State::Done, "", now)) return std::monostate{};
    const auto before = load_subscription(tx, move.subscription);
    if (!before) return failure(before);
    if (before->provider != move.from_provider) return std::monostate{};
    reopen_next_bills(tx, before->id, before->period.start);
    Subscription after = *before;
    after.provider = move.to_provider;
    after.provider_subscription_id = theirs.id;
    after.provider_item_id = theirs.item;
    after.authorization_url = theirs.authorization_url;
    after.paid_elsewhere_until = move.begins_at;
    after.cancel_at_period_end = false;  // that was the old one's
    after.cancel_at = after.canceled_at = std::nullopt;
    const auto saved = save_subscription(tx, after, now);
    if (!saved) return failure(saved);
    const MoveNote note{to.ids, now, move.authority};
    record_move(tx, note, move, before->customer, "done");
    tell_subscription_move(tx, note, *before, *saved);
    const MirrorScope scope{to.provider.name(), to.ids, now, move.authority, ticket, to.grace};
    const auto mirrored = mirror_subscription(tx, scope, theirs);
    if (!mirrored) return failure(mirrored);
    return std::monostate{};
}

/// With the period that is paid there; at once where none is: in a trial, and where it has not
/// begun, after an earlier move.
asio::awaitable<Result<CancelWhen>> end_of_old(BillingContext& from, const ProviderMove& move) {
    const auto subscription = co_await from.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, move.subscription); });
    if (!subscription) co_return failure(subscription);
    const bool is_paid =
        subscription->status != SubscriptionStatus::Trialing &&
        subscription->paid_elsewhere_until.value_or(Instant::min()) < move.begins_at;
    co_return is_paid ? CancelWhen::AtPeriodEnd : CancelWhen::Now;
}

/// True: the old one ends with the period that is paid. False: it has been renewed before we came.
asio::awaitable<Result<bool>> end_old(BillingContext& from, const ProviderMove& move) {
    const auto when = co_await end_of_old(from, move);
    if (!when) co_return failure(when);
    const auto old = co_await from.provider.get_subscription(move.from_subscription);
    if (!old) co_return failure(old);
    if (old->ended_at) co_return true;
    if (old->period.end > move.begins_at) co_return false;
    SubscriptionCancel cancel{.obligation = move_obligation(move, "end"),
                              .subscription = move.from_subscription,
                              .when = *when};
    const auto ended = co_await from.provider.cancel_subscription(std::move(cancel));
    if (!ended) co_return failure(ended);
    co_return ended->ended_at || ended->period.end <= move.begins_at;
}

Stepped end_move(BillingContexts& billing, BillingContext& to, const ProviderMove& move) {
    const auto from = billing.of(move.from_provider);
    if (!from) co_return failure(from);
    const auto ended = co_await end_old(**from, move);
    if (!ended && may_be_open(ended.error())) co_return failure(ended);
    if (!ended || !*ended) {
        const auto reason = ended ? kMovedTooLate : ended.error().reason;
        co_return co_await write_advance(billing, move, State::Abandoning, reason.text());
    }
    const auto ticket =
        co_await to.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    const auto theirs = co_await to.provider.get_subscription(move.to_subscription);
    if (!theirs) co_return failure(theirs);
    const auto switched = co_await to.db.write(
        [&](sql::Transaction& tx) { return switch_over(tx, to, move, *theirs, ticket); });
    if (!switched) co_return failure(switched);
    const auto moved = co_await to.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, move.subscription); });
    if (moved) to.standings.invalidate(moved->customer);
    co_return switched;
}

/// The old one stays; what was made at the new provider ends at once.
Stepped abandon_move(BillingContexts& billing, BillingContext& to, const ProviderMove& move) {
    SubscriptionCancel cancel{.obligation = move_obligation(move, "abandon"),
                              .subscription = move.to_subscription,
                              .when = CancelWhen::Now};
    const auto canceled = co_await to.provider.cancel_subscription(std::move(cancel));
    if (!canceled && may_be_open(canceled.error())) co_return failure(canceled);
    if (!canceled)
        spdlog::error("event=billing.move_not_taken_back object={} reason={} message=\"{}\"",
                      move.to_subscription, canceled.error().reason.text(),
                      canceled.error().message);
    co_return co_await write_advance(billing, move, State::Failed,
                                     move.error_reason.value_or(std::string(kGivenUp.text())));
}

Stepped go_one_step(BillingContexts& billing, const ProviderMove& move) {
    const auto to = billing.of(move.to_provider);
    if (!to) co_return failure(to);
    switch (move.state) {
        case State::Beginning: co_return co_await begin_move(billing, **to, move);
        case State::Ending: co_return co_await end_move(billing, **to, move);
        case State::Abandoning: co_return co_await abandon_move(billing, **to, move);
        case State::Waiting:
        case State::Done:
        case State::Failed: co_return std::monostate{};
    }
    co_return std::monostate{};
}

}  // namespace

Stepped resume_move(BillingContexts& billing, ProviderMoveId id) {
    for (int steps = 0; steps < kStepsMax; ++steps) {
        const auto move =
            co_await billing.db.read([&](sql::Transaction& tx) { return find_move(tx, id); });
        if (!move || !is_open(*move) || move->state == State::Waiting) co_return std::monostate{};
        const auto stepped = co_await go_one_step(billing, *move);
        if (!stepped) co_return failure(stepped);
    }
    co_return std::monostate{};
}

asio::awaitable<Result<MovedSubscription>> move_subscription(BillingContexts& billing,
                                                             MoveRequest request) {
    const auto to = billing.of(request.provider);
    if (!to) co_return failure(to);
    if (request.payment_method) {
        const auto possible = check_method_id(*request.payment_method);
        if (!possible) co_return failure(possible);
    }
    const auto move = co_await billing.db.write(
        [&](sql::Transaction& tx) { return request_move(tx, billing, request); });
    if (!move) co_return failure(move);
    if (*move) {
        const auto went_on = co_await resume_move(billing, (*move)->id);
        if (!went_on) co_return failure(went_on);
    }
    co_return co_await billing.db.read([&](sql::Transaction& tx) -> Result<MovedSubscription> {
        auto subscription = load_subscription(tx, request.subscription);
        if (!subscription) return failure(subscription);
        return MovedSubscription{*std::move(subscription),
                                 find_open_move(tx, request.subscription)};
    });
}

asio::awaitable<std::int64_t> go_on_with_moves(BillingContexts& billing, BillingContext& to,
                                               Instant before, PassLog& log) {
    const auto provider = to.provider.name();
    const auto late = co_await to.db.read([&](sql::Transaction& tx) {
        return moves_waiting(tx, provider, to.clock.now() + kSettledBefore, kMovesBatch);
    });
    for (const auto& move : late) {
        const auto heard = co_await sync_subscription(to, move.to_subscription, move.authority);
        if (heard)
            log.tell_success("move_look", move.to_subscription);
        else
            log.tell("move_look", move.to_subscription, heard.error());
    }
    const auto open = co_await to.db.read(
        [&](sql::Transaction& tx) { return moves_to_go_on(tx, provider, before, kMovesBatch); });
    std::int64_t count = 0;
    for (const auto& move : open) {
        const auto went_on = co_await resume_move(billing, move.id);
        if (!went_on) {
            log.tell("move", move.subscription.text(), went_on.error());
            continue;
        }
        log.tell_success("move", move.subscription.text());
        ++count;
    }
    co_return count;
}

std::optional<ProviderMove> find_move_of(sql::Transaction& tx, std::string_view provider,
                                         const ProviderSubscription& theirs) {
    if (auto known = find_move_of_object(tx, provider, theirs.id)) return known;
    const auto tag = theirs.metadata.find("turnpike_subscription");
    if (tag == theirs.metadata.end()) return std::nullopt;
    const auto id = SubscriptionId::parse(tag->second);
    if (!id) return std::nullopt;
    // It is being made: its event is here before its answer.
    auto open = find_open_move(tx, *id);
    const bool leads_there = open && open->to_provider == provider && open->to_subscription.empty();
    if (!leads_there) return std::nullopt;
    return open;
}

void hear_of_moving(sql::Transaction& tx, const MirrorScope& scope, ProviderMove move,
                    const ProviderSubscription& theirs) {
    if (!is_open(move) || move.state != State::Waiting || move.to_subscription != theirs.id) return;
    const bool never = theirs.ended_at || theirs.status == "incomplete_expired";
    if (!never && !is_authorized(theirs)) return;
    const State to = never ? State::Failed : State::Ending;
    if (!advance_move(tx, move, to, never ? kNotAuthorized.text() : "", scope.now)) return;
    const auto subscription = load_subscription(tx, move.subscription);
    if (subscription)
        record_move(tx, {scope.ids, scope.now, scope.authority}, move, subscription->customer,
                    to_text(to));
}

}  // namespace turnpike
