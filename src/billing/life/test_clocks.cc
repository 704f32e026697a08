#include "billing/life/test_clocks.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "audit/audit.h"
#include "billing/life/sync.h"
#include "customers/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr int kPollsMax = 1'200;  // a minute

struct ClockState {
    TestClock clock;
    std::vector<CustomerId> customers;
    /// The first end of a billing period after the clock's time.
    std::optional<Instant> next_period_end;
};

Result<ClockState> load_state(sql::Transaction& tx, const TestClockId& id) {
    auto clock = load_test_clock(tx, id);
    if (!clock) return failure(clock);
    ClockState state{*std::move(clock), customers_on_clock(tx, id), std::nullopt};
    for (const auto& customer : state.customers) {
        const auto live = find_live_subscription(tx, customer);
        if (!live || live->period.end <= state.clock.frozen_time) continue;
        if (!state.next_period_end || live->period.end < *state.next_period_end)
            state.next_period_end = live->period.end;
    }
    return state;
}

asio::awaitable<Result<std::monostate>> wait_until_ready(BillingContext& billing,
                                                         std::string provider_clock) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int poll = 0; poll < kPollsMax; ++poll) {
        const auto clock = co_await billing.provider.get_test_clock(provider_clock);
        if (!clock) co_return failure(clock);
        if (clock->ready) co_return std::monostate{};
        timer.expires_after(kPoll);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return unavailable("test_clock.not_ready",
                          "the provider's test clock is still advancing; advance again later");
}

/// Brings the ledger to where the clock stands: renewals mirrored, finished periods closed.
asio::awaitable<Result<std::monostate>> arrive(BillingContext& billing, const ClockState& state,
                                               const Authority& authority) {
    for (const auto& customer : state.customers) {
        billing.standings.invalidate(customer);
        const auto synced = co_await sync_customer(billing, customer, authority);
        if (!synced) co_return failure(synced);
    }
    co_return std::monostate{};
}

/// One step, at most to the next period end; the new state of the clock.
asio::awaitable<Result<Instant>> step(BillingContext& billing, const ClockState& state,
                                      Instant target, const Authority& authority) {
    const Instant to = std::min(target, state.next_period_end.value_or(target));
    const std::string obligation =
        "test_clock:" + state.clock.id.text() + ":to:" + std::to_string(unix_seconds(to));
    const auto moved =
        co_await billing.provider.advance_test_clock(obligation, state.clock.provider_clock_id, to);
    if (!moved) co_return failure(moved);
    const auto ready = co_await wait_until_ready(billing, state.clock.provider_clock_id);
    if (!ready) co_return failure(ready);
    co_await billing.db.write(
        [&](sql::Transaction& tx) { return set_frozen_time(tx, state.clock.id, to); });
    const auto arrived = co_await arrive(billing, state, authority);
    if (!arrived) co_return failure(arrived);
    co_return to;
}

}  // namespace

asio::awaitable<Result<TestClock>> create_test_clock(BillingContext& billing, std::string name,
                                                     Instant frozen_time, Authority authority) {
    const Instant now = billing.clock.now();
    auto id = billing.ids.make<TestClockId>(now);
    const auto made = co_await billing.provider.create_test_clock(
        "test_clock:" + id.text() + ":create", name, frozen_time);
    if (!made) co_return failure(made);
    TestClock clock{id,       std::move(name),   std::string(billing.provider.name()),
                    made->id, made->frozen_time, now};
    co_await billing.db.write([&](sql::Transaction& tx) {
        insert_test_clock(tx, clock);
        record(tx,
               {.at = now,
                .actor = authority.actor,
                .action = "test_clock.created",
                .object_id = clock.id.text(),
                .customer = "",
                .request_id = authority.request_id,
                .detail = Json{{"frozen_time", format_rfc3339(clock.frozen_time)}}},
               billing.ids);
        return true;
    });
    co_return clock;
}

asio::awaitable<Result<TestClock>> advance_test_clock(BillingContext& billing, TestClockId id,
                                                      Instant target, Authority authority) {
    for (bool first = true;; first = false) {
        const auto state =
            co_await billing.db.read([&](sql::Transaction& tx) { return load_state(tx, id); });
        if (!state) co_return failure(state);
        if (first && target < state->clock.frozen_time)
            co_return invalid_argument("test_clock.backward", "a test clock only moves forward");
        if (first) {
            // An earlier advance may have ended between the move and what follows from it.
            const auto arrived = co_await arrive(billing, *state, authority);
            if (!arrived) co_return failure(arrived);
            continue;
        }
        if (target == state->clock.frozen_time) co_return state->clock;
        const auto reached = co_await step(billing, *state, target, authority);
        if (!reached) co_return failure(reached);
    }
}

}  // namespace turnpike
