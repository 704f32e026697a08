#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metering/testing.h"
#include "sql/database.h"

namespace turnpike::testing {

/// A subscription row, as the mirror writes it.
struct SubscriptionRow {
    const char* plan = "pro";
    const char* status = "active";
    Period period = kSeptember;
    bool cancel_at_period_end = false;
    std::optional<Instant> cancel_at{};
    std::optional<Instant> started_at = kStart;
    std::optional<Instant> ended_at{};
};

inline SubscriptionId add_subscription(MeteredWorld& world, const CustomerId& customer,
                                       const SubscriptionRow& row) {
    const auto id = world.ids().make<SubscriptionId>(kStart);
    const auto catalog = world.catalog().get();
    const PlanVersion& plan = *catalog->plan(row.plan);
    world.db().write_blocking([&](sql::Transaction& tx) {
        return tx.run(R"sql(
            INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider, status,
                   period_start, period_end, cancel_at_period_end, cancel_at, started_at, ended_at,
                   applied_ticket, created_at, updated_at, version)
            VALUES ($1, $2, $3, $4, 'stripe', $5, $6, $7, $8, $9, $10, $11, 0, $12, $12, 1))sql",
                      {id, customer, plan.id, plan.prices.front().id, row.status, row.period.start,
                       row.period.end, row.cancel_at_period_end, row.cancel_at, row.started_at,
                       row.ended_at, kStart});
    });
    return id;
}

/// A ledger that can be taken away: every job fails while it is down, and waits while it hangs.
class FragileDatabase final : public sql::Database {
public:
    explicit FragileDatabase(sql::Database& inner) : inner_(inner) {}
    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (state_ == State::Up) return pass_on(kind, std::move(job), std::move(done));
        if (state_ == State::Hanging) {
            waiting_.push_back({kind, std::move(job), std::move(done)});
            return;
        }
        done(std::make_exception_ptr(sql::Failure("the disk is gone", false)));
    }
    enum class State : std::uint8_t { Down, Hanging, Up };
    /// Back up, it does what waits, on the caller's thread.
    void set(State state) {
        state_ = state;
        if (state != State::Up) return;
        for (auto& [kind, job, done] : std::exchange(waiting_, {}))
            pass_on(kind, std::move(job), std::move(done));
    }

private:
    void pass_on(Kind kind, sql::Job job, sql::Done done) {
        std::exception_ptr error;
        try {
            auto work = [&](sql::Transaction& tx) { return kept(job(tx)); };
            // A roll-back that the job asked for is no failure.
            const auto ended =
                kind == Kind::Write ? inner_.write_blocking(work) : inner_.read_blocking(work);
            static_cast<void>(ended);
        } catch (...) {
            error = std::current_exception();
        }
        done(error);
    }
    /// A job that wants no commit, as a Result that is rolled back.
    static Result<bool> kept(bool commit) {
        if (commit) return true;
        return conflict("test.rolled_back", "the job wants no commit");
    }

    struct Waiting {
        Kind kind;
        sql::Job job;
        sql::Done done;
    };

    sql::Database& inner_;
    State state_ = State::Up;
    std::vector<Waiting> waiting_;
};

}  // namespace turnpike::testing
