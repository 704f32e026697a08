#include "metering/log_reservations.h"

#include <utility>

#include "metering/append_job.h"
#include "metering/log/records/place_text.h"
#include "metering/log_usage.h"
#include "metering/log_wait.h"

namespace turnpike {
namespace {

EndReport unknown() { return {EndVerdict::Unknown, std::nullopt}; }

/// Runs `end(done)`, and answers when what it says is durable.
template <class End>
asio::awaitable<Result<EndReport>> end_durably(End end) {
    Result<HoldEnd> ended;
    const auto start = [&](LogWriter::Done done) {
        ended = end(std::move(done));
        return error_of(ended);
    };
    const auto failed = co_await until_durable(start);
    if (failed) co_return come_back(*failed);
    co_return EndReport{ended->verdict, std::move(ended->reservation), ended->commit_max};
}

}  // namespace

asio::awaitable<Result<ReserveReport>> LogReservations::reserve(ReserveJob job) {
    KnownWindows known = known_windows(job.usage);
    if (!known.are_all) {
        // A transaction that is repeated begins with what it was given.
        auto look = [&](sql::Transaction& tx) {
            SubjectWindows found = known.windows;
            find_windows(job.usage, tx, found);
            return found;
        };
        known.windows = co_await ledger_.read(look);
    }
    auto placed = std::move(job.usage.place(known.windows).front());
    if (!placed) co_return ReserveReport{.complaint = std::move(placed).error()};
    const LoggedHold asked{
        {placed->event, placed->counts, content_check(*placed)}, job.reserved, job.expires_at};
    Result<HoldAnswer> answer;
    const auto start = [&](LogWriter::Done done) {
        answer = log_.reserve(asked, job.usage.system_now, std::move(done));
        return error_of(answer);
    };
    const auto failed = co_await until_durable(start);
    if (failed) co_return come_back(*failed);
    co_return ReserveReport{.verdict = answer->verdict,
                            .reservation = std::move(answer->reservation),
                            .counters = std::move(answer->counters)};
}

asio::awaitable<Result<EndReport>> LogReservations::commit(CommitJob job) {
    const auto number = arrival_of(job.id.text());
    if (!number) co_return unknown();
    HoldCommit asked{.number = *number, .quantity = job.quantity};
    if (job.properties) asked.properties = *job.properties;
    const auto end = [&](LogWriter::Done done) {
        return log_.commit(asked, job.system_now, std::move(done));
    };
    co_return co_await end_durably(end);
}

asio::awaitable<Result<EndReport>> LogReservations::release(ReservationId id, Instant system_now) {
    const auto number = arrival_of(id.text());
    if (!number) co_return unknown();
    const auto end = [&](LogWriter::Done done) {
        return log_.release(*number, system_now, std::move(done));
    };
    co_return co_await end_durably(end);
}

asio::awaitable<Result<std::optional<Reservation>>> LogReservations::find(ReservationId id,
                                                                          Instant system_now) {
    const auto number = arrival_of(id.text());
    if (!number) co_return std::optional<Reservation>();
    auto found = log_.reservation(*number);
    if (!found || (found->ended_at && is_forgotten(*found->ended_at, system_now)))
        co_return std::optional<Reservation>();
    co_return as_of(*std::move(found), system_now);
}

asio::awaitable<Result<std::vector<CustomerId>>> LogReservations::expire(Instant system_now) {
    const auto expired = log_.expire_holds(system_now);
    if (!expired) co_return come_back(expired.error());
    std::vector<CustomerId> customers;
    for (const std::string& customer : *expired) customers.push_back(CustomerId::trusted(customer));
    co_return customers;
}

}  // namespace turnpike
