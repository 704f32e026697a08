// What a server does beside answering, round by round.
#include <chrono>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "app/ledger/ledger_totals.h"
#include "app/serving/app.h"
#include "app/serving/process_metrics.h"
#include "people/invitations.h"

namespace turnpike {
namespace {

constexpr int kRoundsPerSettling = 60;  // a round is a second
constexpr int kRoundsPerCatalog = 3;
constexpr int kRoundsPerRenewal = 3;
constexpr int kRoundsPerSweep = 20;
constexpr int kRoundsPerHead = 300;
constexpr int kRoundsPerTotals = 15;
constexpr int kUnknownIntentsPerRound = 50;
/// Of the time that jobs have to end: how long a process that ends tries to record what it has
/// served open, and how often.
constexpr std::chrono::seconds kLastRecovery{5};
constexpr std::chrono::milliseconds kBetweenLastTries{250};

}  // namespace

/// SQLite has one owner. On PostgreSQL another node or `turnpike plan apply` may have changed it.
asio::awaitable<void> App::take_over_catalog() {
    if (db->engine() != "postgres") co_return;
    co_await entitlements_api.guards.catch_up(*db);
    if (!co_await catalog.catch_up(*db)) co_return;
    standings.clear();
    spdlog::info("event=catalog.changed plans={}", catalog.get()->plans.size());
}

asio::awaitable<void> App::end_old_invitations() {
    auto work = [&](sql::Transaction& tx) { return end_invitations_over(tx, clock.now()); };
    co_await db->write(work);
}

asio::awaitable<void> App::expire_reservations() {
    const auto moved = co_await reservations->expire(clock.now());
    if (!moved) {
        spdlog::warn("event=reservations.wait message=\"{}\"", moved.error().message);
        co_return;
    }
    for (const CustomerId& customer : *moved) standings.counts_moved(customer);
}

asio::awaitable<void> App::raise_signature_alarm() {
    const Instant now = clock.now();
    const auto by_provider = webhooks.failures_by_provider();
    for (const auto& [provider, failures] : by_provider) {
        if (!signature_alarms_[provider].is_due(failures, now)) continue;
        auto tell = [this, &provider, failures, now](sql::Transaction& tx) {
            tell_signature_failures(tx, provider, failures, now, ids);
            return true;
        };
        co_await db->write(std::move(tell));
    }
}

asio::awaitable<void> App::run_housekeeping() {
    co_await sample_ledger(*db, clock, metrics);
    for (int round = 1; co_await pause(housekeeping_timer_, std::chrono::seconds(1)); ++round) {
        try {
            co_await expire_reservations();
            co_await raise_signature_alarm();
            co_await usage_recovery.replay({*usage, catalog}, clock, standings);
            if (round % kRoundsPerCatalog == 0) co_await take_over_catalog();
            if (round % kRoundsPerSettling == 0)
                co_await providers.settle_unknown(kUnknownIntentsPerRound);
            if (round % kRoundsPerSettling == 0) co_await end_old_invitations();
            if (round % kRoundsPerSettling == 0 && !prices_adopted_)
                (void)co_await adopt_configured_prices();
        } catch (const sql::Failure& failure) {
            spdlog::warn("event=housekeeping.waits message=\"{}\"", failure.what());
        }
        if (round % kRoundsPerTotals == 0) co_await sample_ledger(*db, clock, metrics);
        webhooks.write_due_refusals();
        sample(metrics, {usage_recovery.numbers(), worker.lags(), usage_rollup.seconds_behind(),
                         db->backlog(), server_->open_connections()});
    }
    co_await record_what_waits();
}

asio::awaitable<void> App::run_safety_rails() {
    for (int round = 1; co_await pause(rails_timer_, std::chrono::seconds(1)); ++round) {
        try {
            if (round % kRoundsPerRenewal == 0) co_await keyed_requests.renew();
            co_await audit_keeper.seal();
            if (round % kRoundsPerHead == 0) co_await audit_keeper.publish_head();
            if (round % kRoundsPerSweep == 1) co_await keyed_requests.sweep();
        } catch (const sql::Failure& failure) {
            spdlog::warn("event=safety_rails.wait message=\"{}\"", failure.what());
        }
    }
}

asio::awaitable<bool> App::pause(asio::steady_timer& timer, std::chrono::milliseconds length) {
    if (served_all_) co_return false;
    timer.expires_after(length);
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    co_return !served_all_;
}

asio::awaitable<void> App::record_what_waits() {
    const auto until = std::chrono::steady_clock::now() + kLastRecovery;
    for (;;) {
        co_await usage_recovery.replay({*usage, catalog}, clock, standings);
        const bool is_over = usage_recovery.numbers().waiting == 0 || usage->failed() ||
                             std::chrono::steady_clock::now() >= until;
        if (is_over) co_return;
        housekeeping_timer_.expires_after(kBetweenLastTries);
        boost::system::error_code woken;
        co_await housekeeping_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

void App::give_up_unrecorded() {
    const std::size_t given_up = usage_recovery.give_up();
    const auto numbers = usage_recovery.numbers();
    if (given_up > 0)
        spdlog::error(
            "event=usage.given_up uses={} served={} recovered={} lost={} hint=\"each is above, as "
            "event=usage.lost; docs/operations.md says how to send it again\"",
            given_up, numbers.served, numbers.recovered, numbers.lost);
}

}  // namespace turnpike
