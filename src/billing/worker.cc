#include "billing/worker.h"

#include <algorithm>
#include <atomic>
#include <deque>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "billing/life/checkout.h"
#include "billing/life/commands.h"
#include "billing/life/ended_adjustment.h"
#include "billing/life/period_close.h"
#include "billing/life/provider_move.h"
#include "billing/life/reconcile.h"
#include "billing/life/refunding.h"
#include "billing/life/sync.h"
#include "billing/plans/plan_migration.h"
#include "billing/provider/customer_details.h"
#include "billing/provider/default_card.h"
#include "billing/provider/pass_log.h"
#include "billing/telling/access_end.h"
#include "billing/telling/trial_reminders.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr int kBatch = 100;
constexpr std::int64_t kCardsEverySeconds = 5;
constexpr std::int64_t kRareEverySeconds = 60;
const Authority by_worker{"job:billing", ""};

asio::awaitable<std::int64_t> finish_commands(BillingContext& billing, PassLog& log,
                                              Instant before) {
    const auto commands = co_await billing.db.read([&](sql::Transaction& tx) {
        return pending_commands(tx, billing.provider.name(), before, kBatch);
    });
    std::int64_t finished = 0;
    for (const auto& command : commands) {
        const auto resumed = co_await resume_command(billing, command);
        if (!resumed) {
            log.tell("command", command.id.text(), resumed.error());
            continue;
        }
        log.tell_success("command", command.id.text());
        ++finished;
    }
    co_return finished;
}

asio::awaitable<std::int64_t> finish_closes(BillingContext& billing, PassLog& log) {
    const auto closes = co_await billing.db.read([&](sql::Transaction& tx) {
        return pending_period_closes(tx, billing.provider.name(), kBatch);
    });
    std::int64_t finished = 0;
    for (const auto& close : closes) {
        const auto closed = co_await run_period_close(billing, close, by_worker);
        const std::string object =
            close.subscription.text() + ":" + format_rfc3339(close.period.start);
        if (!closed) {
            log.tell("close", object, closed.error());
            continue;
        }
        log.tell_success("close", object);
        ++finished;
    }
    co_return finished;
}

asio::awaitable<std::int64_t> catch_up_overdue(BillingContext& billing, PassLog& log,
                                               Instant before) {
    const auto overdue = co_await billing.db.read([&](sql::Transaction& tx) {
        return subscriptions_overdue(tx, billing.provider.name(), before, kBatch);
    });
    std::int64_t finished = 0;
    for (const auto& subscription : overdue) {
        const auto synced =
            co_await sync_subscription(billing, *subscription.provider_subscription_id, by_worker);
        if (!synced) {
            log.tell("catch_up", subscription.id.text(), synced.error());
            continue;
        }
        log.tell_success("catch_up", subscription.id.text());
        ++finished;
    }
    co_return finished;
}

}  // namespace

asio::awaitable<std::int64_t> run_billing_pass(BillingContext& billing, Instant before,
                                               Instant overdue_before, FailureLog& failures) {
    PassLog log(billing, failures);
    const auto commands = co_await log.guarded("commands", finish_commands(billing, log, before));
    const auto refunds =
        co_await log.guarded("refunds", finish_refunds(billing, before, by_worker, log));
    const auto closes = co_await log.guarded("closes", finish_closes(billing, log));
    const auto overdue =
        co_await log.guarded("overdue", catch_up_overdue(billing, log, overdue_before));
    const auto customers =
        co_await log.guarded("customers", tell_changed_customers(billing, before, log));
    const auto pages = co_await log.guarded(
        "checkouts", close_stale_checkouts(billing, billing.clock.now(), by_worker, log));
    const auto trials = co_await log.guarded("trials", remind_of_trials(billing));
    const auto graces = co_await log.guarded("graces", tell_ended_graces(billing));
    const auto migrated = co_await log.guarded("migrations", go_on_with_migrations(billing));
    co_return commands + refunds + closes + overdue + customers + pages + trials + graces +
        migrated;
}

asio::awaitable<std::int64_t> run_billing_pass(BillingContext& billing, Instant before,
                                               Instant overdue_before) {
    FailureLog failures;
    co_return co_await run_billing_pass(billing, before, overdue_before, failures);
}

namespace {

std::int64_t steady_seconds() {
    using std::chrono::duration_cast, std::chrono::seconds, std::chrono::steady_clock;
    return duration_cast<seconds>(steady_clock::now().time_since_epoch()).count();
}

/// The work with one provider, in a coroutine of its own.
struct ProviderLoop {
    ProviderLoop(asio::io_context& io, BillingContexts& everyone, BillingContext& own,
                 const WorkerSchedule& when)
        : all(everyone),
          billing(own),
          schedule(when),
          timer(io),
          log(own, failures),
          last_pass_s(steady_seconds()) {}

    /// Asked first, because without a ledger every step would fail, and say so.
    asio::awaitable<std::int64_t> ask_ledger() {
        co_return co_await billing.db.read(
            [](sql::Transaction& tx) { return tx.one("SELECT 1")->integer(0); });
    }

    /// \return false: there is no ledger to work with
    asio::awaitable<bool> pass(Instant before) {
        const auto answers = co_await log.guarded("ledger", ask_ledger());
        last_pass_s = steady_seconds();
        if (answers == 0) co_return false;
        const Instant overdue_before = billing.clock.now() - schedule.overdue_grace;
        co_await run_billing_pass(billing, before, overdue_before, failures);
        co_await log.guarded("moves", go_on_with_moves(all, billing, before, log));
        co_await look_rarely();
        last_pass_s = steady_seconds();
        co_return true;
    }

    /// What looks at many rows to find few; sooner again while it finds some.
    asio::awaitable<void> look_rarely() {
        if (steady_seconds() < look_rarely_at_s) co_return;
        co_await log.guarded("unbilled", refuse_unbilled(all));
        const auto cards =
            co_await log.guarded("cards", refresh_default_cards(billing, billing.clock.now()));
        look_rarely_at_s = steady_seconds() + (cards > 0 ? kCardsEverySeconds : kRareEverySeconds);
    }

    asio::awaitable<void> reconcile_now() {
        const auto provider = billing.provider.name();
        try {
            co_await queue_ended_adjustments(billing, billing.clock.now());
            const auto report = co_await reconcile(
                billing, {.mode = ReconcileMode::Repair, .authority = by_worker});
            if (!report)
                spdlog::warn("event=billing.reconcile_failed object={} reason={} message=\"{}\"",
                             provider, report.error().reason.text(), report.error().message);
            else if (!report->differences.empty())
                spdlog::warn("event=billing.reconciled provider={} differences={} open={}",
                             provider, report->differences.size(),
                             std::ranges::count(report->differences, false, &Difference::repaired));
        } catch (const std::exception& error) {
            spdlog::error("event=billing.reconcile_failed provider={} message=\"{}\"", provider,
                          error.what());
        }
    }

    asio::awaitable<void> run() {
        auto reconcile_at = steady_seconds() + schedule.reconcile_every.count();
        bool has_begun = co_await pass(billing.clock.now());
        while (!stopping) {
            timer.expires_after(schedule.look_every);
            boost::system::error_code woken;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            if (stopping) co_return;
            const Instant now = billing.clock.now();
            const bool has_passed = co_await pass(has_begun ? now - schedule.command_age : now);
            has_begun = has_begun || has_passed;
            if (stopping || !has_passed || steady_seconds() < reconcile_at) continue;
            co_await reconcile_now();
            reconcile_at = steady_seconds() + schedule.reconcile_every.count();
        }
    }

    BillingContexts& all;
    BillingContext& billing;
    const WorkerSchedule& schedule;
    asio::steady_timer timer;
    FailureLog failures{};
    PassLog log;
    std::int64_t look_rarely_at_s = 0;  ///< steady clock, as last_pass_s
    std::atomic<bool> stopping = false;
    std::atomic<std::int64_t> last_pass_s;  ///< steady clock
};

}  // namespace

struct BillingWorker::State {
    asio::io_context& io;
    WorkerSchedule schedule;
    std::deque<ProviderLoop> loops{};
};

BillingWorker::BillingWorker(asio::io_context& io, BillingContexts& billing,
                             WorkerSchedule schedule)
    : state_(new State{.io = io, .schedule = schedule}) {
    for (auto& context : billing)
        state_->loops.emplace_back(io, billing, context, state_->schedule);
}

BillingWorker::~BillingWorker() = default;

void BillingWorker::start() {
    for (auto& loop : state_->loops) asio::co_spawn(state_->io, loop.run(), asio::detached);
}

void BillingWorker::stop() {
    for (auto& loop : state_->loops) loop.stopping = true;
    asio::post(state_->io, [this] {
        for (auto& loop : state_->loops) loop.timer.cancel();
    });
}

std::vector<BillingWorker::Lag> BillingWorker::lags() const {
    std::vector<Lag> lags;
    for (const auto& loop : state_->loops)
        lags.push_back({loop.billing.provider.name(), steady_seconds() - loop.last_pass_s});
    return lags;
}

std::int64_t BillingWorker::seconds_since_pass() const {
    return std::ranges::max(lags(), {}, &Lag::seconds).seconds;
}

}  // namespace turnpike
