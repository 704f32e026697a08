#pragma once

#include <boost/asio/awaitable.hpp>

#include "access/principal.h"
#include "entitlements/api.h"
#include "entitlements/wire.h"
#include "http/message.h"
#include "metering/reservations.h"

namespace turnpike {

/// Reservations of usage: a part of an allowance is held until the work's cost is known.
struct ReservationsApi {
    EntitlementsApi& entitlements;
    ReservationStore& reservations;

    /// POST /v1/usage/reserve {customer, meter, quantity, source, id, ttl_s, properties}. 201; 402
    /// as consume when it does not fit; the same (source, id) again is the same reservation.
    asio::awaitable<Result<http::Response>> post_reserve(const Principal& caller,
                                                         const http::Request& request);
    /// GET /v1/usage/reservations/{reservation}
    asio::awaitable<Result<http::Response>> get_reservation(const Principal& caller,
                                                            const http::Request& request);
    /// POST /v1/usage/reservations/{reservation}/commit {quantity, properties}. 409 when the
    /// surplus does not fit, 410 when it expired.
    asio::awaitable<Result<http::Response>> post_commit(const Principal& caller,
                                                        const http::Request& request);
    /// POST /v1/usage/reservations/{reservation}/release
    asio::awaitable<Result<http::Response>> post_release(const Principal& caller,
                                                         const http::Request& request);

    /// The properties of a commit as the reservation's meter groups them; nullopt: none were sent.
    asio::awaitable<Result<std::optional<std::string>>> grouped(ReservationId id,
                                                                const CommitBody& body);
    /// \param asked  the quantity of a commit, 0 of a release
    Result<http::Response> answer(const EndReport& report, Quantity asked,
                                  const http::Request& request);
};

}  // namespace turnpike
