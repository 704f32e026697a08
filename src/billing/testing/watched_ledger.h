#pragma once

#include <functional>
#include <string>
#include <utility>

#include "sql/sql.h"

namespace turnpike {

/// A ledger that lets something happen at one moment: before the first write of which `is_now`.
class WatchedLedger final : public sql::Database {
public:
    using Moment = std::function<bool(sql::Transaction&)>;
    WatchedLedger(sql::Database& inner, Moment is_now, std::function<void()> then)
        : inner_(inner), is_now_(std::move(is_now)), then_(std::move(then)) {}
    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (then_ && kind == Kind::Write && inner_.read_blocking(is_now_))
            std::exchange(then_, nullptr)();
        inner_.submit(kind, std::move(job), std::move(done));
    }

private:
    sql::Database& inner_;
    Moment is_now_;
    std::function<void()> then_;
};

/// The provider has done what obligations of this beginning ask for, and nothing of that is written
/// down yet.
inline WatchedLedger::Moment answered(std::string obligation) {
    return [like = std::move(obligation) + "%"](sql::Transaction& tx) {
        return tx
            .one(
                "SELECT 1 FROM provider_intents WHERE obligation LIKE $1 "
                "AND state = 'unknown'",
                {like})
            .has_value();
    };
}

}  // namespace turnpike
