#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/id.h"
#include "base/time.h"
#include "json/value.h"
#include "sandbox/stripe/clocks/billing_engine.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/core/store.h"
#include "sql/database.h"
#include "sql/migrator.h"

namespace turnpike::twin {

/// Stripe's operations on an in-memory database, called as the server calls them, with a clock that
/// moves only when told. For tests.
class BillingSandbox {
public:
    explicit BillingSandbox(Instant now = *parse_rfc3339("2026-03-01T12:00:00Z"));

    /// The answer as a client sees it; `form` is form-encoded, expand[] included.
    Outcome<Json> call(std::string_view method, const std::string& path, const std::string& form);
    /// A call that must succeed; fails the test otherwise.
    Json post(const std::string& path, const std::string& form = "");
    Json get(const std::string& path, const std::string& query = "");
    Json remove(const std::string& path, const std::string& query = "");
    /// A call that must be refused.
    StripeError refused(const std::string& path, const std::string& form);

    [[nodiscard]] Instant now() const { return now_; }
    void set_now(Instant now) { now_ = now; }
    /// The real clock moves to `now`; the engine runs.
    void run_until(Instant now);
    /// What the worker does with a test clock.
    void advance(const std::string& clock, Instant to);

    /// Types of the events since the last call, in the order they were raised.
    std::vector<std::string> new_events();
    /// data of the newest event of this type.
    Json last_event(const std::string& type);
    std::int64_t rows(const std::string& table);

    /// A customer with this card attached and chosen as default ("" for none); its id.
    std::string customer(const std::string& card = "pm_card_visa", const std::string& more = "");
    /// A price of `cents` per `interval` of a new product called `name`; its id.
    std::string price(const std::string& name, std::int64_t cents,
                      const std::string& interval = "month");
    std::string test_clock(Instant frozen);

    template <class Work>
    auto in_transaction(Work work) {
        return database_->write_blocking([&](sql::Transaction& tx) {
            Context ctx(tx, "acct_1", now_, ids_);
            ctx.set_surroundings(surroundings_);
            auto done = work(ctx);
            ctx.save();
            return done;
        });
    }

private:
    Instant now_;
    SeededIdSource ids_{7};
    Surroundings surroundings_;
    std::unique_ptr<sql::Database> database_;
    std::int64_t events_seen_ = 0;
};

/// Members of an array by one of their members: {"amount", ...}.
std::vector<std::int64_t> amounts_of(const Json& lines);
std::vector<std::string> texts_of(const Json& list, const std::string& member);

}  // namespace turnpike::twin
