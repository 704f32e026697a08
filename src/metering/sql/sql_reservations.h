#pragma once

#include <vector>

#include "metering/reservations.h"
#include "sql/database.h"

namespace turnpike {

/// Reservations in the ledger's own tables, beside SqlUsage.
class SqlReservations final : public ReservationStore {
public:
    /// Both outlive it.
    SqlReservations(sql::Database& db, IdSource& ids) : db_(db), ids_(ids) {}

    asio::awaitable<Result<ReserveReport>> reserve(ReserveJob job) override;
    asio::awaitable<Result<EndReport>> commit(CommitJob job) override;
    asio::awaitable<Result<EndReport>> release(ReservationId id, Instant system_now) override;
    asio::awaitable<Result<std::optional<Reservation>>> find(ReservationId id,
                                                             Instant system_now) override;
    /// A customer at a time, a hundred of them in one call; each is one transaction.
    asio::awaitable<Result<std::vector<CustomerId>>> expire(Instant system_now) override;

private:
    sql::Database& db_;
    IdSource& ids_;
};

}  // namespace turnpike
