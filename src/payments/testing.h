#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/error.h"
#include "payments/intents.h"
#include "sql/database.h"

namespace turnpike {

/// Runs one coroutine to its end on this thread.
template <class T>
T run(boost::asio::awaitable<T> work) {
    boost::asio::io_context io;
    auto result = boost::asio::co_spawn(io, std::move(work), boost::asio::use_future);
    io.run();
    return result.get();
}

/// What came out; an error is the test's end.
template <class T>
T must(Result<T> result) {
    if (!result)
        throw std::runtime_error(std::string(result.error().reason.text()) + ": " +
                                 result.error().message);
    return *std::move(result);
}
/// "none" when there is no error.
template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "none" : std::string(result.error().reason.text());
}

/// The intent of an obligation that was asked for.
inline Intent intent_of(sql::Database& db, std::string_view provider,
                        const std::string& obligation) {
    auto found = db.read_blocking(
        [&](sql::Transaction& tx) { return find_intent(tx, provider, obligation); });
    if (!found) throw std::runtime_error("no intent " + obligation);
    return *std::move(found);
}

/// The process dies at a chosen point of its conversation with the database.
enum class CrashAt : std::uint8_t {
    BeforeCommit,  ///< the job ran and was rolled back
    AfterCommit,   ///< the commit is durable, its answer never came
};

/// Fails the `nth` write from now (1 is the next) in the chosen way, once.
class CrashingDatabase final : public sql::Database {
public:
    explicit CrashingDatabase(sql::Database& inner) : inner_(inner) {}

    void crash(int nth, CrashAt where) {
        left_ = nth;
        where_ = where;
        crashed_ = false;
    }
    /// Whether the chosen point was reached.
    [[nodiscard]] bool crashed() const { return crashed_; }

    [[nodiscard]] std::string_view engine() const override { return inner_.engine(); }
    [[nodiscard]] std::size_t backlog() const override { return inner_.backlog(); }
    void submit(Kind kind, sql::Job job, sql::Done done) override {
        if (kind == Kind::Read || left_ == kNever || --left_ != 0) {
            inner_.submit(kind, std::move(job), std::move(done));
            return;
        }
        left_ = kNever;
        crashed_ = true;
        const auto gone = std::make_exception_ptr(sql::Failure("crash", true));
        sql::Job with_crash = [job = std::move(job), where = where_](sql::Transaction& tx) {
            return job(tx) && where == CrashAt::AfterCommit;
        };
        sql::Done report = [done = std::move(done), gone](std::exception_ptr) mutable {
            done(gone);
        };
        inner_.submit(kind, std::move(with_crash), std::move(report));
    }

private:
    static constexpr int kNever = -1;
    sql::Database& inner_;
    int left_ = kNever;
    CrashAt where_ = CrashAt::BeforeCommit;
    bool crashed_ = false;
};

}  // namespace turnpike
