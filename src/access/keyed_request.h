#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "crypto/secret_box.h"
#include "http/message.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

using IdempotencyId = Id<"idm">;

/// One run of a request that carries an Idempotency-Key. `id` names what the request does: it is
/// the same in every repetition, so that a run after a crash can find what the one before it began.
struct KeyedRun {
    IdempotencyId id;
    std::string runner;  ///< this run alone; another one has taken over when the row names another
    const SecretBox& secrets;
    const Clock& clock;
    mutable std::atomic<bool> has_kept = false;
};

/// Keeps the answer of a handler whose effect is this transaction, with the effect: both are there,
/// or neither is. Without an Idempotency-Key it keeps nothing. Write the handler so:
///
///     auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
///         const auto made = create_thing(tx, ..);
///         if (!made) return failure(made);
///         return keep_answer(tx, caller, http::json_response(201, write_thing(*made)));
///     };
///     co_return co_await db.write(work);
///
/// Errors: Conflict "idempotency.in_flight" when another run has taken over meanwhile, which rolls
///         the effect back.
Result<http::Response> keep_answer(sql::Transaction& tx, const Principal& caller,
                                   http::Response answer);

/// For flows of several transactions: what this request has begun, noted in the transaction that
/// begins it. A repetition after a crash goes on with it. `once` is Authority::once; "" notes
/// nothing.
void note_progress(sql::Transaction& tx, std::string_view once, std::string_view progress);
/// What was noted; nullopt when nothing was, or the request carries no key.
std::optional<std::string> noted_progress(sql::Transaction& tx, std::string_view once);

/// The table of keys: the first request runs, a repetition gets the same answer.
///
/// A row is made, and committed, before the handler runs. Its lease says that somebody is at work;
/// it is renewed while this process lives (renew()), so that after a crash the next repetition
/// takes over kLease later, or at once where the ledger has one owner (forget_leases()). Answers
/// are sealed: some show a secret once.
///
/// | outcome | the row | a repetition |
/// |---|---|---|
/// | 2xx, 3xx, 402 | keeps the answer | gets it, with Idempotent-Replayed: true |
/// | another 4xx: nothing was done | goes | runs afresh |
/// | 5xx: something may have been done | stays, without a lease | goes on under the same id |
///
/// Thread-safe.
class KeyedRequests {
public:
    static constexpr std::chrono::seconds kLease{10};
    static constexpr std::chrono::hours kKept{25};  ///< promised are 24

    KeyedRequests(sql::Database& db, const SecretBox& secrets, const Clock& clock, IdSource& ids)
        : db_(db), secrets_(secrets), clock_(clock), ids_(ids) {}

    struct Begun {
        std::unique_ptr<KeyedRun> run;           ///< null: there is an answer
        std::optional<http::Response> answer{};  ///< of the first time
    };
    /// Errors: Unprocessable "idempotency.key_reused" for another body; Conflict
    ///         "idempotency.in_flight" while the first request runs; "secrets.wrong_key".
    asio::awaitable<Result<Begun>> begin(const std::string& principal, const http::Request& request,
                                         const std::string& key);
    /// After the handler's answer, which is what the client gets. False when the outcome could not
    /// be kept, because another run has taken over.
    asio::awaitable<bool> end(const KeyedRun& run, const http::Response& answer);
    /// The handler has failed in between: its next run goes on. Never throws.
    asio::awaitable<void> suspend(const KeyedRun& run);

    /// Every kLease / 3.
    asio::awaitable<void> renew();
    /// Removes rows older than kKept, a bounded number at a time. \return how many
    asio::awaitable<std::int64_t> sweep();
    /// At the start of a process that owns the ledger alone: whoever had a lease is gone.
    void forget_leases();

private:
    Result<Begun> begin_in(sql::Transaction& tx, const std::string& scope,
                           const std::string& fingerprint);
    std::unique_ptr<KeyedRun> run_of(IdempotencyId id, std::string runner);
    void leave(const KeyedRun& run);

    sql::Database& db_;
    const SecretBox& secrets_;
    const Clock& clock_;
    IdSource& ids_;
    std::mutex mutex_;
    /// Guarded by mutex_: runner by id.
    std::map<IdempotencyId, std::string> running_;
};

}  // namespace turnpike
