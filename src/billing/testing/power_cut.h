#pragma once

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "billing/testing/testing.h"
#include "billing/worker.h"

/// For tests: a process that dies at any one of its visits to the ledger.
namespace turnpike {

/// What a process sees when the power goes: nothing after it.
struct PowerCut : std::runtime_error {
    PowerCut() : std::runtime_error("the power is gone") {}
};

/// A ledger whose machine dies at the n-th visit after a world's start, just before it, or at the
/// n-th write, just after its commit: after a read there is nothing that was not before it.
/// Everything later fails, as for a dead process; what was committed stays in `inner`.
class DyingLedger final : public sql::Database {
public:
    enum class Moment : bool { BeforeCommit, AfterCommit };

    DyingLedger(sql::Database& inner, int visits, Moment moment)
        : inner_(inner), visits_left_(visits), moment_(moment) {
        if (moment == Moment::BeforeCommit) ++visits_left_;  // a world's start is one read
    }

    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    [[nodiscard]] bool died() const { return dead_; }

    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (dead_) return done(std::make_exception_ptr(PowerCut()));
        const bool counts = moment_ == Moment::BeforeCommit || kind == Kind::Write;
        if (!counts || --visits_left_ > 0)
            return inner_.submit(kind, std::move(job), std::move(done));
        dead_ = true;
        if (moment_ == Moment::BeforeCommit) return done(std::make_exception_ptr(PowerCut()));
        inner_.submit(kind, std::move(job), [done = std::move(done)](std::exception_ptr) mutable {
            done(std::make_exception_ptr(PowerCut()));
        });
    }

private:
    sql::Database& inner_;
    int visits_left_;
    Moment moment_;
    bool dead_ = false;
};

/// Commands and closes finished by a process that starts after the cut.
inline void recover(sql::Database& ledger, const std::string& key, UsageLog* log = nullptr) {
    BillingWorld next(ledger, key, log);
    const Instant now = next.clock.now() + std::chrono::hours(1);
    for (int pass = 0; pass < 3; ++pass)
        next.run(run_billing_pass(next.billing, now, from_unix_seconds(0)));
}

}  // namespace turnpike
