#pragma once

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "billing/testing/testing.h"
#include "billing/worker.h"

/// For tests: a process that dies at any one of its writes to the ledger.
namespace turnpike {

/// What a process sees when the power goes: nothing after it.
struct PowerCut : std::runtime_error {
    PowerCut() : std::runtime_error("the power is gone") {}
};

/// A ledger whose machine dies at the n-th write after a world's start, just before it or just
/// after its commit. Nothing lasting lies between two writes but one call to the provider at most,
/// whose intent the first of them committed (payments/intents.h): so a death at a read leaves what
/// one at the write before or after it leaves. Everything later fails, as for a dead process; what
/// was committed stays in `inner`.
class DyingLedger final : public sql::Database {
public:
    enum class Moment : bool { BeforeCommit, AfterCommit };

    DyingLedger(sql::Database& inner, int writes, Moment moment)
        : inner_(inner), writes_left_(writes), moment_(moment) {}

    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    [[nodiscard]] bool died() const { return dead_; }

    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (dead_) return done(std::make_exception_ptr(PowerCut()));
        if (kind != Kind::Write || --writes_left_ > 0)
            return inner_.submit(kind, std::move(job), std::move(done));
        dead_ = true;
        if (moment_ == Moment::BeforeCommit) return done(std::make_exception_ptr(PowerCut()));
        inner_.submit(kind, std::move(job), [done = std::move(done)](std::exception_ptr) mutable {
            done(std::make_exception_ptr(PowerCut()));
        });
    }

private:
    sql::Database& inner_;
    int writes_left_;
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
