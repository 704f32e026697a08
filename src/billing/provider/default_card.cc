#include "billing/provider/default_card.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <spdlog/spdlog.h>

#include "billing/provider/payment_methods.h"
#include "customers/provider_link.h"
#include "payments/errors.h"

namespace turnpike {
namespace {

constexpr std::chrono::days kBeforeCharge{35};
constexpr std::chrono::days kStaysKnown{7};
constexpr int kAtOnce = 10;

constexpr std::string_view kUnseen = R"sql(
    SELECT s.customer_id
      FROM subscriptions s
      JOIN customers c ON c.id = s.customer_id
      JOIN provider_customers l ON l.customer_id = s.customer_id AND l.provider = s.provider
     WHERE s.provider = $1 AND s.ended_at IS NULL AND s.started_at IS NOT NULL
       AND s.status IN ('active', 'trialing', 'past_due', 'unpaid')
       AND s.period_end < $2 AND c.test_clock_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM default_cards d
                        WHERE d.customer_id = s.customer_id AND d.provider = s.provider
                          AND d.seen_at >= $3 AND d.seen_at > d.not_before)
     LIMIT $4
)sql";
// $2: microseconds ahead of the clock.
constexpr std::string_view kUnseenByClocks = R"sql(
    SELECT s.customer_id
      FROM test_clocks k CROSS JOIN customers c CROSS JOIN subscriptions s
      JOIN provider_customers l ON l.customer_id = s.customer_id AND l.provider = s.provider
     WHERE c.test_clock_id = k.id AND s.customer_id = c.id
       AND s.provider = $1 AND s.ended_at IS NULL AND s.started_at IS NOT NULL
       AND s.status IN ('active', 'trialing', 'past_due', 'unpaid')
       AND s.period_end < k.frozen_time + $2
       AND NOT EXISTS (SELECT 1 FROM default_cards d
                        WHERE d.customer_id = s.customer_id AND d.provider = s.provider
                          AND d.seen_at >= $3 AND d.seen_at > d.not_before)
     LIMIT $4
)sql";
constexpr std::string_view kIsSeen = R"sql(
    SELECT 1 FROM default_cards
     WHERE customer_id = $1 AND provider = $2 AND seen_at >= $3 AND seen_at > not_before
)sql";
// A card that was looked at later stays, and one that has changed since is not this one.
constexpr std::string_view kKeep = R"sql(
    INSERT INTO default_cards (customer_id, provider, provider_method_id, brand, last4, expires_at,
                               seen_at, not_before)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (customer_id, provider) DO UPDATE
       SET provider_method_id = excluded.provider_method_id, brand = excluded.brand,
           last4 = excluded.last4, expires_at = excluded.expires_at, seen_at = excluded.seen_at
     WHERE default_cards.seen_at <= excluded.seen_at
       AND default_cards.not_before < excluded.seen_at
)sql";
constexpr std::string_view kUnreadable = R"sql(
    INSERT INTO default_cards (customer_id, provider, provider_method_id, brand, last4, expires_at,
                               seen_at, not_before)
    VALUES ($1, $2, NULL, '', '', NULL, $3, $4)
        ON CONFLICT (customer_id, provider) DO UPDATE SET seen_at = excluded.seen_at
     WHERE default_cards.seen_at <= excluded.seen_at
       AND default_cards.not_before < excluded.seen_at
)sql";
constexpr std::string_view kForget = R"sql(
    INSERT INTO default_cards (customer_id, provider, provider_method_id, brand, last4, expires_at,
                               seen_at, not_before)
    VALUES ($1, $2, NULL, '', '', NULL, $3, $4)
        ON CONFLICT (customer_id, provider) DO UPDATE
       SET provider_method_id = NULL, brand = '', last4 = '', expires_at = NULL,
           not_before = CASE WHEN default_cards.not_before > excluded.not_before
                             THEN default_cards.not_before ELSE excluded.not_before END
)sql";
const Instant never_changed = from_unix_seconds(0);

/// The one that is charged: the default, or the only one there is.
const PaymentMethodOnFile* charged_of(const std::vector<PaymentMethodOnFile>& methods) {
    const auto chosen = std::ranges::find(methods, true, &PaymentMethodOnFile::is_default);
    if (chosen != methods.end()) return &*chosen;
    return methods.size() == 1 ? &methods.front() : nullptr;
}

/// \return false when the provider cannot be asked now
asio::awaitable<bool> refresh_card(BillingContext& billing, CustomerId customer) {
    const Instant asked_at = billing.clock.now();
    const auto methods = co_await payment_methods_of(billing, customer);
    if (!methods)
        spdlog::warn("event=billing.card_unseen customer={} reason={} message=\"{}\"",
                     customer.text(), methods.error().reason.text(), methods.error().message);
    if (!methods && methods.error().code == ErrorCode::Unavailable) co_return false;
    const bool is_unreadable = !methods && may_succeed_later(methods.error());
    PaymentMethodOnFile card;
    // One that the provider refuses to show is none that it charges.
    const auto* charged = methods ? charged_of(*methods) : nullptr;
    if (charged != nullptr) card = *charged;
    auto keep = [&](sql::Transaction& tx) {
        const auto provider = billing.provider.name();
        if (is_unreadable)
            tx.run(kUnreadable, {customer, provider, asked_at, never_changed});
        else
            tx.run(kKeep,
                   {customer, provider, card.id, card.brand, card.last4,
                    card_good_until(card.exp_month, card.exp_year), asked_at, never_changed});
        return true;
    };
    co_return co_await billing.db.write(std::move(keep));
}

}  // namespace

std::optional<Instant> card_good_until(int exp_month, int exp_year) {
    using std::chrono::year, std::chrono::month, std::chrono::months, std::chrono::day;
    if (exp_month < 1 || exp_month > 12) return std::nullopt;
    const auto next = year(exp_year) / month(static_cast<unsigned>(exp_month)) + months(1);
    return std::chrono::sys_days(next / day(1));
}

asio::awaitable<std::int64_t> refresh_default_cards(BillingContext& billing, Instant now) {
    if (billing.provider.traits().consent != BillingTraits::Consent::MethodOnFile) co_return 0;
    auto look = [&](sql::Transaction& tx) {
        const std::int64_t ahead_us = std::chrono::microseconds(kBeforeCharge).count();
        std::vector<CustomerId> unseen;
        const Instant seen = now - kStaysKnown;
        for (const auto& row :
             tx.all(kUnseen, {billing.provider.name(), now + kBeforeCharge, seen, kAtOnce}))
            unseen.push_back(row.id<CustomerId>(0));
        for (const auto& row :
             tx.all(kUnseenByClocks, {billing.provider.name(), ahead_us, seen, kAtOnce}))
            unseen.push_back(row.id<CustomerId>(0));
        return unseen;
    };
    const auto unseen = co_await billing.db.read(std::move(look));
    std::int64_t count = 0;
    for (const CustomerId& customer : unseen) {
        const bool seen = co_await refresh_card(billing, customer);
        if (!seen) break;
        ++count;
    }
    co_return count;
}

asio::awaitable<void> see_default_card(BillingContext& billing, CustomerId customer) {
    if (billing.provider.traits().consent != BillingTraits::Consent::MethodOnFile) co_return;
    auto look = [&](sql::Transaction& tx) {
        const Instant since = billing.clock.now() - kStaysKnown;
        return tx.one(kIsSeen, {customer, billing.provider.name(), since}).has_value();
    };
    const bool is_seen = co_await billing.db.read(std::move(look));
    if (!is_seen) co_await refresh_card(billing, customer);
}

void forget_default_card(sql::Transaction& tx, const CustomerId& customer,
                         std::string_view provider, Instant now) {
    tx.run(kForget, {customer, provider, never_changed, now});
}

void forget_default_card_of(sql::Transaction& tx, std::string_view provider,
                            std::string_view provider_customer, Instant now) {
    const auto customer = find_customer_of_provider(tx, provider, provider_customer);
    if (customer) forget_default_card(tx, *customer, provider, now);
}

}  // namespace turnpike
