#include "entitlements/reservation_api.h"

#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "entitlements/caller.h"
#include "entitlements/reserve.h"
#include "entitlements/use_name.h"
#include "json/object_text.h"
#include "metering/measurement.h"

namespace turnpike {
namespace {

constexpr const char* kReserveSource = "turnpike.reserve";

/// \param name  without an id of the caller's the event gets a new one
ReserveRequest request_from(ReserveBody body, UseName name, std::string customer, IdSource& ids,
                            Instant now) {
    return {.use = {.customer = std::move(customer),
                    .meter_key = std::move(body.meter_key),
                    .quantity = body.quantity,
                    .source = std::move(name.source).value_or(kReserveSource),
                    .id = name.id ? *std::move(name.id) : ids.body(now),
                    .latency_us = std::nullopt,
                    .time = std::nullopt,
                    .properties = std::move(body.properties)},
            .ttl = body.ttl};
}

std::unexpected<Error> unsupported(const std::string& meter_key) {
    return invalid_argument("reservation.unsupported_meter",
                            "the meter '" + meter_key +
                                "' is neither a sum nor a count: no part of it can be reserved");
}

std::unexpected<Error> unknown() {
    return not_found("reservation.not_found",
                     "there is no such reservation, or it ended more than a day ago");
}

void write_reservation(ObjectText& body, const Reservation& reservation) {
    body.text("object", "reservation")
        .text("id", reservation.id.text())
        .text("status", to_text(reservation.state))
        .text("customer", reservation.customer.text())
        .text("meter", reservation.meter_key)
        .text("source", reservation.source)
        .text("event_id", reservation.event_id)
        .text("reserved", reservation.reserved.text())
        .text("expires_at", format_rfc3339(reservation.expires_at));
    if (reservation.quantity) body.text("quantity", reservation.quantity->text());
    if (reservation.ended_at) body.text("ended_at", format_rfc3339(*reservation.ended_at));
}

http::Response shown(const Reservation& reservation) {
    ObjectText body;
    write_reservation(body, reservation);
    return http::json_text_response(200, body.take());
}

Result<ReservationId> id_in(const http::Request& request) {
    auto id = ReservationId::parse(request.path_value("reservation"));
    if (!id) return unknown();
    return *std::move(id);
}

/// \param asked  the quantity of the commit
Error exceeded(const EndReport& report, Quantity asked) {
    const std::string most = report.commit_max.value().text();
    const std::string reserved = report.reservation->reserved.text();
    Error error{ErrorCode::Conflict, "reservation.exceeds_limit",
                asked.text() + " does not fit: at most " + most + " can be committed now, " +
                    reserved + " of it reserved; the reservation stays open"};
    error.details = {{"quantity", asked.text()}, {"commit_max", most}, {"reserved", reserved}};
    return error;
}

http::Response opened(const ReserveOutcome& outcome, const Decision& decision) {
    ObjectText body;
    write_reservation(body, *outcome.report.reservation);
    body.text("reason", to_text(decision.reason));
    write_numbers(body, decision);
    const bool is_new = outcome.report.verdict == ReserveVerdict::Opened;
    return http::json_text_response(is_new ? 201 : 200, body.take());
}

}  // namespace

asio::awaitable<Result<http::Response>> ReservationsApi::post_reserve(
    const Principal& caller, const http::Request& request) {
    auto body = read_reserve(request);
    if (!body) co_return failure(body);
    const auto catalog = entitlements.catalog.get();
    const Meter* const meter = catalog->meter(body->meter_key);
    if (meter == nullptr)
        co_return not_found("reservation.no_such_meter",
                            "there is no meter '" + body->meter_key + "'");
    if (!can_be_reserved(meter->aggregation)) co_return unsupported(body->meter_key);
    auto ref = customer_meant(caller, body->customer);
    if (!ref) co_return failure(ref);
    auto name = name_of_use({std::move(body->source), std::move(body->id)}, kReserveSource, caller,
                            request);
    if (!name) co_return failure(name);
    const Instant now = entitlements.clock.now();
    const ReserveRequest wanted =
        request_from(*std::move(body), *std::move(name), *std::move(ref), entitlements.ids, now);
    const auto outcome =
        co_await reserve(reservations, entitlements.catalog, entitlements.standings, wanted, now);
    if (!outcome) co_return failure(outcome);
    switch (outcome->report.verdict) {
        case ReserveVerdict::Conflict:
            co_return conflict("reservation.conflict",
                               "this source and id name something else; that stays");
        case ReserveVerdict::Unsupported: co_return unsupported(wanted.use.meter_key);
        case ReserveVerdict::Opened:
            entitlements.standings.counts_moved(outcome->standing.customer);
            break;
        case ReserveVerdict::Same:
        case ReserveVerdict::LimitExceeded: break;
    }
    const Decision decision = decision_of(*outcome, wanted, *catalog);
    if (outcome->report.verdict == ReserveVerdict::LimitExceeded)
        co_return write_denial(denial(decision, wanted.use.meter_key, outcome->standing.now),
                               decision, request, entitlements.upgrade_url);
    co_return opened(*outcome, decision);
}

asio::awaitable<Result<http::Response>> ReservationsApi::get_reservation(
    const Principal& /*caller*/, const http::Request& request) {
    auto id = id_in(request);
    if (!id) co_return failure(id);
    const auto found = co_await reservations.find(*std::move(id), entitlements.clock.now());
    if (!found) co_return failure(found);
    if (!*found) co_return unknown();
    co_return shown(**found);
}

asio::awaitable<Result<std::optional<std::string>>> ReservationsApi::grouped(
    ReservationId id, const CommitBody& body) {
    if (body.properties.empty()) co_return std::optional<std::string>();
    const auto found = co_await reservations.find(std::move(id), entitlements.clock.now());
    if (!found) co_return failure(found);
    if (!*found) co_return unknown();
    const auto catalog = entitlements.catalog.get();
    const Meter* const meter = catalog->meter((*found)->meter_key);
    // Of a meter that is archived nobody groups anything any more.
    if (meter == nullptr) co_return std::optional<std::string>();
    SentEvent event;
    for (const auto& [name, text] : body.properties) event.properties.push_back({name, text});
    auto properties = grouped_properties(std::span(&meter, 1), event);
    if (!properties)
        co_return invalid_argument("reservation.bad_properties", properties.error().detail);
    co_return std::optional(*std::move(properties));
}

Result<http::Response> ReservationsApi::answer(const EndReport& report, Quantity asked,
                                               const http::Request& request) {
    switch (report.verdict) {
        case EndVerdict::Ended:
            entitlements.standings.counts_moved(report.reservation->customer);
            return shown(*report.reservation);
        case EndVerdict::Unchanged: return shown(*report.reservation);
        case EndVerdict::Expired:
            return http::plain_problem(410, "reservation.expired",
                                       "nothing is held any more; record the usage with consume, "
                                       "under another id",
                                       request);
        case EndVerdict::AlreadyCommitted:
            return conflict("reservation.already_committed",
                            "it was committed with " + report.reservation->quantity->text());
        case EndVerdict::Released:
            return conflict("reservation.released",
                            "it was released; record the usage with consume, under another id");
        case EndVerdict::Exceeds: return std::unexpected(exceeded(report, asked));
        case EndVerdict::Unknown: return unknown();
    }
    check(false, "every verdict is answered");
    return unknown();
}

asio::awaitable<Result<http::Response>> ReservationsApi::post_commit(const Principal& /*caller*/,
                                                                     const http::Request& request) {
    const auto id = id_in(request);
    if (!id) co_return failure(id);
    const auto body = read_commit(request);
    if (!body) co_return failure(body);
    auto properties = co_await grouped(*id, *body);
    if (!properties) co_return failure(properties);
    CommitJob job{*id, body->quantity, *std::move(properties), entitlements.clock.now()};
    const auto report = co_await reservations.commit(std::move(job));
    if (!report) co_return failure(report);
    co_return answer(*report, body->quantity, request);
}

asio::awaitable<Result<http::Response>> ReservationsApi::post_release(
    const Principal& /*caller*/, const http::Request& request) {
    auto id = id_in(request);
    if (!id) co_return failure(id);
    const auto report = co_await reservations.release(*std::move(id), entitlements.clock.now());
    if (!report) co_return failure(report);
    co_return answer(*report, {}, request);
}

}  // namespace turnpike
