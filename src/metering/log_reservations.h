#pragma once

#include <vector>

#include "metering/log/usage_log.h"
#include "metering/reservations.h"
#include "sql/database.h"

namespace turnpike {

/// Reservations in the usage log, beside LogUsage.
class LogReservations final : public ReservationStore {
public:
    /// Both outlive it. Its calls are awaited on executors that run on one thread.
    LogReservations(sql::Database& ledger, UsageLog& log) : ledger_(ledger), log_(log) {}

    asio::awaitable<Result<ReserveReport>> reserve(ReserveJob job) override;
    asio::awaitable<Result<EndReport>> commit(CommitJob job) override;
    asio::awaitable<Result<EndReport>> release(ReservationId id, Instant system_now) override;
    asio::awaitable<Result<std::optional<Reservation>>> find(ReservationId id,
                                                             Instant system_now) override;
    asio::awaitable<Result<std::vector<CustomerId>>> expire(Instant system_now) override;

private:
    sql::Database& ledger_;
    UsageLog& log_;
};

}  // namespace turnpike
