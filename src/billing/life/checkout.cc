#include "billing/life/checkout.h"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "billing/life/mirror.h"
#include "billing/life/sync.h"
#include "billing/provider/provider_objects.h"
#include "billing/records/paid_currency.h"
#include "billing/records/stored_checkout.h"
#include "billing/telling/moves.h"
#include "customers/provider_link.h"
#include "json/value.h"
#include "payments/errors.h"
#include "subscriptions/service.h"
#include "subscriptions/trials.h"

namespace turnpike {
namespace {

/// Of pages whose provider sets no end.
constexpr auto kCheckoutLife = std::chrono::hours(24);
constexpr int kClosedAtOnce = 100;

using Reached = asio::awaitable<Result<CheckoutSession>>;

std::unexpected<Error> subscribed_already() {
    return conflict("subscription.exists",
                    "the customer has a subscription already; change it instead");
}

/// Only the provider that has made a page can say what became of it.
std::unexpected<Error> other_provider(const CheckoutSession& session) {
    return conflict("checkout.other_provider", "the customer's checkout page " + session.id.text() +
                                                   " is open at " + session.provider +
                                                   "; expire it first, so that nobody pays twice");
}

bool is_same_request(const CheckoutSession& session, const CheckoutRequest& request) {
    return session.price == request.price && session.quantity == request.quantity &&
           session.trial_days == request.trial_days && session.success_url == request.success_url &&
           session.cancel_url == request.cancel_url;
}

void record_checkout(sql::Transaction& tx, BillingContext& billing, const CheckoutSession& session,
                     std::string_view what, const Authority& authority) {
    record(tx,
           {.at = billing.clock.now(),
            .actor = authority.actor,
            .action = "checkout." + std::string(what),
            .object_id = session.id.text(),
            .customer = session.customer.text(),
            .request_id = authority.request_id,
            .detail = Json{{"price", session.price.text()},
                           {"subscription", session.subscription.text()}}},
           billing.ids);
}

/// The page that may be paid, or a new row when there is none.
Result<CheckoutSession> request_checkout(sql::Transaction& tx, BillingContext& billing,
                                         const CheckoutRequest& request) {
    lock_purchases(tx, request.customer);
    const bool is_subscribed = find_live_subscription(tx, request.customer).has_value();
    // Before a page that can be paid gives way to one that cannot.
    const auto currency =
        check_currency(tx, request.customer, billing.provider.name(), request.price);
    if (!is_subscribed && !currency) return failure(currency);
    const bool is_known = request.authority.actor != kAnybody;
    if (auto known = find_payable_checkout(tx, request.customer)) {
        const bool claims = is_known && known->is_anonymous && is_same_request(*known, request);
        if (claims) claim_checkout(tx, known->id);
        return *std::move(known);
    }
    if (is_subscribed) return subscribed_already();
    if (request.trial_days > 0 && has_had_trial(tx, request.customer, request.plan_version))
        return conflict("subscription.trial_used", "the customer has had a trial already");
    const Instant now = billing.clock.now();
    CheckoutSession session{.id = billing.ids.make<CheckoutId>(now),
                            .customer = request.customer,
                            .subscription = billing.ids.make<SubscriptionId>(now),
                            .plan_version = request.plan_version,
                            .price = request.price,
                            .quantity = request.quantity,
                            .trial_days = request.trial_days,
                            .success_url = request.success_url,
                            .cancel_url = request.cancel_url,
                            .is_anonymous = !is_known,
                            .provider = std::string(billing.provider.name()),
                            .status = CheckoutStatus::Creating,
                            .expires_at = now + kCheckoutLife,
                            .created_at = now};
    if (!insert_checkout(tx, session))
        return conflict("checkout.busy", "another checkout of this customer is being made");
    record_checkout(tx, billing, session, "requested", request.authority);
    return session;
}

asio::awaitable<Result<ProviderCheckout>> make_page(BillingContext& billing,
                                                    const CheckoutSession& session) {
    const auto customer = co_await ensure_provider_customer(billing, session.customer);
    if (!customer) co_return failure(customer);
    const auto price = co_await ensure_provider_price(billing, session.price);
    if (!price) co_return failure(price);
    NewCheckout page{.checkout = session.id,
                     .obligation = "checkout:" + session.id.text() + ":open",
                     .subscription = session.subscription,
                     .customer = *customer,
                     .price = *price,
                     .quantity = session.quantity,
                     .trial_days = session.trial_days,
                     .success_url = with_session_id(session.success_url, session.id.text()),
                     .cancel_url = with_session_id(session.cancel_url, session.id.text())};
    co_return co_await billing.provider.open_checkout(std::move(page));
}

Reached reload(BillingContext& billing, CheckoutId id) {
    co_return co_await billing.db.read([&](sql::Transaction& tx) { return load_checkout(tx, id); });
}

Reached end_as(BillingContext& billing, CheckoutSession session, CheckoutStatus end,
               Authority authority) {
    co_await billing.db.write([&](sql::Transaction& tx) {
        if (end_checkout(tx, session.id, end, billing.clock.now()))
            record_checkout(tx, billing, session, to_text(end), authority);
        return true;
    });
    co_return co_await reload(billing, session.id);
}

/// Makes the page of a row, or finds the one that an earlier try has made.
Reached carry_on(BillingContext& billing, CheckoutSession session, Authority authority) {
    const auto page = co_await make_page(billing, session);
    if (!page) {
        if (!may_succeed_later(page.error()))
            (void)co_await end_as(billing, std::move(session), CheckoutStatus::Failed,
                                  std::move(authority));
        co_return failure(page);
    }
    co_await billing.db.write([&](sql::Transaction& tx) {
        const Instant now = billing.clock.now();
        if (!mark_checkout_open(tx, session.id, *page, now)) return false;
        record_checkout(tx, billing, session, "started", authority);
        const auto open = load_checkout(tx, session.id);
        if (open) tell_checkout_started(tx, {billing.ids, now, authority}, *open);
        return true;
    });
    co_return co_await reload(billing, session.id);
}

/// Whether who paid is who was to pay.
asio::awaitable<bool> is_ours(BillingContext& billing, const CheckoutSession& session,
                              const ProviderCheckout& theirs) {
    const auto owner = co_await billing.db.read([&](sql::Transaction& tx) {
        return find_customer_of_provider(tx, billing.provider.name(), theirs.customer);
    });
    co_return owner == session.customer;
}

/// The session ends and the subscription begins in one transaction, whatever its status is: it may
/// be waiting for a bank.
asio::awaitable<Result<std::monostate>> mirror_paid(BillingContext& billing,
                                                    const CheckoutSession& session,
                                                    std::string subscription,
                                                    const Authority& authority) {
    const auto ticket =
        co_await billing.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    const auto theirs = co_await billing.provider.get_subscription(std::move(subscription));
    if (!theirs) co_return failure(theirs);
    const auto mirrored = co_await billing.db.write([&](sql::Transaction& tx) {
        const Instant now = billing.clock.now();
        if (end_checkout(tx, session.id, CheckoutStatus::Complete, now))
            record_checkout(tx, billing, session, to_text(CheckoutStatus::Complete), authority);
        const MirrorScope scope{
            billing.provider.name(), billing.ids, now, authority, ticket, billing.grace};
        return mirror_subscription(tx, scope, *theirs);
    });
    if (!mirrored) co_return failure(mirrored);
    billing.standings.invalidate(session.customer);
    co_return std::monostate{};
}

/// Makes the session what the provider says it is.
Reached apply_page(BillingContext& billing, CheckoutSession session, ProviderCheckout theirs,
                   Authority authority) {
    if (theirs.state == CheckoutState::Open) co_return session;
    if (theirs.state == CheckoutState::Expired)
        co_return co_await end_as(billing, std::move(session), CheckoutStatus::Expired,
                                  std::move(authority));
    const bool ours = co_await is_ours(billing, session, theirs);
    if (!ours || !theirs.subscription) {
        spdlog::error("event=checkout.foreign session={} provider_session={}", session.id.text(),
                      theirs.id);
        co_await billing.db.write([&](sql::Transaction& tx) {
            record_checkout(tx, billing, session, "foreign", authority);
            return true;
        });
        co_return co_await end_as(billing, std::move(session), CheckoutStatus::Failed,
                                  std::move(authority));
    }
    const auto mirrored = co_await mirror_paid(billing, session, *theirs.subscription, authority);
    if (!mirrored) co_return failure(mirrored);
    if (theirs.invoice) {
        const auto invoice = co_await sync_invoice(billing, *theirs.invoice, authority);
        if (!invoice) co_return failure(invoice);
    }
    co_return co_await reload(billing, session.id);
}

}  // namespace

Reached refresh_checkout(BillingContext& billing, CheckoutSession session, Authority authority) {
    if (!session.may_be_paid() || !session.provider_session_id) co_return session;
    if (session.provider != billing.provider.name()) co_return other_provider(session);
    auto theirs = co_await billing.provider.get_checkout(*session.provider_session_id);
    if (!theirs && theirs.error().code == ErrorCode::NotFound)
        co_return co_await end_as(billing, std::move(session), CheckoutStatus::Expired,
                                  std::move(authority));
    if (!theirs) co_return failure(theirs);
    co_return co_await apply_page(billing, std::move(session), *std::move(theirs),
                                  std::move(authority));
}

Reached close_checkout(BillingContext& billing, CheckoutSession session, Authority authority) {
    if (!session.may_be_paid()) co_return session;
    if (session.provider != billing.provider.name()) co_return other_provider(session);
    if (!session.provider_session_id) {
        auto made = co_await carry_on(billing, std::move(session), authority);
        if (!made) co_return failure(made);
        session = *std::move(made);
        if (!session.may_be_paid()) co_return session;
    }
    auto theirs = co_await billing.provider.expire_checkout(*session.provider_session_id);
    if (!theirs && theirs.error().code == ErrorCode::NotFound)
        co_return co_await end_as(billing, std::move(session), CheckoutStatus::Expired,
                                  std::move(authority));
    if (!theirs) co_return failure(theirs);
    if (theirs->state == CheckoutState::Open)
        co_return conflict("checkout.being_paid",
                           "the customer is paying at the checkout page right now; try again");
    co_return co_await apply_page(billing, std::move(session), *std::move(theirs),
                                  std::move(authority));
}

Reached open_checkout(BillingContext& billing, CheckoutRequest request) {
    // At most two pages are met: one to close, and our own.
    for (int round = 0; round < 3; ++round) {
        auto session = co_await billing.db.write(
            [&](sql::Transaction& tx) { return request_checkout(tx, billing, request); });
        if (!session) co_return failure(session);
        if (session->provider != billing.provider.name()) co_return other_provider(*session);
        if (!is_same_request(*session, request)) {
            const auto allowed = check_may_close(*session, request.authority);
            if (!allowed) co_return failure(allowed);
            const auto closed =
                co_await close_checkout(billing, *std::move(session), request.authority);
            if (!closed) co_return failure(closed);
            continue;
        }
        if (session->status == CheckoutStatus::Creating)
            co_return co_await carry_on(billing, *std::move(session), request.authority);
        auto fresh = co_await refresh_checkout(billing, *std::move(session), request.authority);
        if (!fresh || fresh->may_be_paid()) co_return fresh;
    }
    co_return conflict("checkout.busy", "another checkout of this customer is being made");
}

Result<void> check_may_close(const CheckoutSession& session, const Authority& authority) {
    if (authority.actor != kAnybody || session.is_anonymous) return {};
    return conflict("checkout.opened_by_another",
                    "the page " + session.id.text() +
                        " was opened by the seller, or by the customer with his credential; "
                        "pay there, or ask the seller to close it");
}

asio::awaitable<Result<std::monostate>> leave_page(BillingContext& billing, CheckoutSession session,
                                                   Authority authority) {
    const auto closed = co_await close_checkout(billing, std::move(session), std::move(authority));
    if (!closed && may_succeed_later(closed.error())) co_return failure(closed);
    if (!closed && closed.error().code == ErrorCode::Conflict) co_return failure(closed);
    co_return std::monostate{};
}

asio::awaitable<Result<std::monostate>> leave_checkout(BillingContext& billing, CustomerId customer,
                                                       Authority authority) {
    auto session = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_payable_checkout(tx, customer); });
    if (!session) co_return std::monostate{};
    co_return co_await leave_page(billing, *std::move(session), std::move(authority));
}

asio::awaitable<Result<std::monostate>> apply_checkout_event(BillingContext& billing,
                                                             std::string provider_session,
                                                             Authority authority) {
    auto session = co_await billing.db.read([&](sql::Transaction& tx) {
        return find_checkout_of_provider(tx, billing.provider.name(), provider_session);
    });
    if (!session) co_return std::monostate{};
    const auto fresh =
        co_await refresh_checkout(billing, *std::move(session), std::move(authority));
    if (!fresh) co_return failure(fresh);
    co_return std::monostate{};
}

asio::awaitable<std::int64_t> close_stale_checkouts(BillingContext& billing, Instant now,
                                                    Authority authority, PassLog& log) {
    const auto stale = co_await billing.db.read([&](sql::Transaction& tx) {
        return checkouts_to_close(tx, billing.provider.name(), now, kClosedAtOnce);
    });
    std::int64_t closed = 0;
    for (const CheckoutSession& session : stale) {
        const auto ended = co_await close_checkout(billing, session, authority);
        if (!ended) {
            log.tell("checkout", session.id.text(), ended.error());
            continue;
        }
        log.tell_success("checkout", session.id.text());
        ++closed;
    }
    co_return closed;
}

}  // namespace turnpike
