#include <utility>

#include <nlohmann/json.hpp>

#include "instant_text.h"
#include "own_error.h"
#include "retry.h"
#include "wire.h"

namespace turnpike::client {
namespace {

using Json = nlohmann::json;

constexpr const char* kNotInPlan = "not_in_plan";

/// The member's text; empty when it is not there or null.
std::string optional_text(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found == json.end() || found->is_null() ? std::string() : found->get<std::string>();
}
std::optional<std::string> nullable_text(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) return std::nullopt;
    return found->get<std::string>();
}

/// A complaint of ours: whoever reads an answer turns nlohmann's into an Error, and this with them.
Json::other_error misread(const std::string& what, const Json& json) {
    return Json::other_error::create(501, what, &json);
}

Instant instant_at(const Json& json, const char* name) {
    const auto instant = parse_instant(json.at(name).get<std::string>());
    if (!instant) throw misread(std::string(name) + " is no time", json);
    return *instant;
}

Upgrade read_upgrade(const Json& json, std::string url) {
    return {json.at("plan").get<std::string>(), json.at("name").get<std::string>(),
            optional_text(json, "price"), optional_text(json, "currency"), std::move(url)};
}

Standing read_standing(const Json& json) {
    Standing standing;
    standing.customer = optional_text(json, "customer");
    standing.plan = optional_text(json, "plan");
    standing.reason = optional_text(json, "reason");
    standing.limit = optional_text(json, "limit");
    standing.used = optional_text(json, "used");
    standing.remaining = optional_text(json, "remaining");
    standing.overage = optional_text(json, "overage");
    standing.overage_allowed = json.value("overage_allowed", false);
    standing.reset = optional_text(json, "reset");
    if (json.contains("resets_at")) standing.resets_at = instant_at(json, "resets_at");
    if (json.contains("upgrade"))
        standing.upgrade = read_upgrade(json.at("upgrade"), optional_text(json, "upgrade_url"));
    return standing;
}

ReservationStatus status_at(const Json& json) {
    const auto text = json.at("status").get<std::string>();
    if (text == "open") return ReservationStatus::Open;
    if (text == "committed") return ReservationStatus::Committed;
    if (text == "released") return ReservationStatus::Released;
    if (text == "expired") return ReservationStatus::Expired;
    throw misread(text + " is no status of a reservation", json);
}

Reservation read_reservation(const Json& json) {
    Reservation reservation;
    reservation.id = json.at("id").get<std::string>();
    reservation.status = status_at(json);
    reservation.customer = json.at("customer").get<std::string>();
    reservation.meter = json.at("meter").get<std::string>();
    reservation.source = json.at("source").get<std::string>();
    reservation.event_id = json.at("event_id").get<std::string>();
    reservation.reserved = json.at("reserved").get<std::string>();
    reservation.expires_at = instant_at(json, "expires_at");
    reservation.quantity = nullable_text(json, "quantity");
    if (json.contains("ended_at")) reservation.ended_at = instant_at(json, "ended_at");
    return reservation;
}

EndOutcome outcome_of(const Reservation& reservation, const Json& json) {
    switch (reservation.status) {
        case ReservationStatus::Committed: return EndOutcome::Committed;
        case ReservationStatus::Released: return EndOutcome::Released;
        case ReservationStatus::Expired: return EndOutcome::Expired;
        case ReservationStatus::Open: break;
    }
    throw misread("it is still open", json);
}

/// One entry of "conflicts" or "rejected".
void explain(Verdict& verdict, const Json& entry) {
    verdict.code = optional_text(entry, "code");
    verdict.detail = optional_text(entry, "detail");
}

VerdictKind kind_at(const Json& name) {
    const auto text = name.get<std::string>();
    if (text == "accepted") return VerdictKind::Accepted;
    if (text == "duplicate") return VerdictKind::Duplicate;
    if (text == "conflict") return VerdictKind::Conflict;
    if (text == "rejected") return VerdictKind::Rejected;
    throw misread(text + " is no verdict", name);
}

MeterUsage read_meter(const Json& json) {
    MeterUsage meter;
    meter.meter = json.at("meter").get<std::string>();
    meter.used = json.at("used").get<std::string>();
    meter.included = json.at("included").get<std::string>();
    meter.reserved = json.at("reserved").get<std::string>();
    meter.remaining = json.at("remaining").get<std::string>();
    meter.overage = json.at("overage").get<std::string>();
    meter.usage_percentage = json.at("usage_percentage").get<std::string>();
    meter.overage_allowed = json.at("overage_allowed").get<bool>();
    meter.overage_amount = json.at("overage_amount").get<std::int64_t>();
    meter.currency = json.at("currency").get<std::string>();
    return meter;
}

Error unexpected(const HttpAnswer& answer, const std::string& why, ErrorKind kind) {
    auto error = own_error(
        kind, "client.unexpected_answer",
        "the answer with status " + std::to_string(answer.status) + " is not Turnpike's: " + why);
    error.retry_after = answer.retry_after;
    return error;
}

/// Reads the body with `read`, which complains by nlohmann's exceptions.
template <class T, class Read>
Result<T> read_answer(const HttpAnswer& answer, const Read& read) {
    try {
        return read(Json::parse(answer.body));
    } catch (const Json::exception& bad) {
        return unexpected(answer, bad.what(), ErrorKind::Unavailable);
    }
}

Problem read_problem(const HttpAnswer& answer) {
    const Json json = Json::parse(answer.body);
    Problem problem;
    problem.status = answer.status;
    problem.code = json.at("code").get<std::string>();
    problem.type = optional_text(json, "type");
    problem.title = optional_text(json, "title");
    problem.detail = optional_text(json, "detail");
    problem.instance = optional_text(json, "instance");
    problem.request_id = optional_text(json, "request_id");
    if (json.contains("errors"))
        for (const Json& entry : json.at("errors"))
            problem.errors.push_back({optional_text(entry, "pointer"), optional_text(entry, "code"),
                                      optional_text(entry, "detail")});
    problem.json = answer.body;
    return problem;
}

}  // namespace
Error error_of(const HttpAnswer& answer) {
    const auto kind = is_retryable(answer.status) ? ErrorKind::Unavailable : ErrorKind::Refused;
    try {
        auto problem = read_problem(answer);
        std::string code = problem.code;
        std::string message = problem.detail.empty() ? problem.title : problem.detail;
        return {kind, std::move(code), std::move(message), std::move(problem), answer.retry_after,
                {}};
    } catch (const Json::exception& bad) {
        return unexpected(answer, bad.what(), kind);
    }
}

Result<std::vector<Verdict>> read_verdicts(const HttpAnswer& answer, std::size_t count) {
    return read_answer<std::vector<Verdict>>(answer, [&](const Json& json) {
        std::vector<Verdict> verdicts;
        for (const Json& name : json.at("verdicts")) {
            verdicts.emplace_back();
            verdicts.back().kind = kind_at(name);
        }
        if (verdicts.size() != count) throw misread("it has another number of verdicts", json);
        for (const char* list : {"conflicts", "rejected"})
            for (const Json& entry : json.at(list)) {
                const auto index = entry.at("index").get<std::size_t>();
                if (index < count) explain(verdicts[index], entry);
            }
        return verdicts;
    });
}

Result<Entitlement> read_entitlement(const HttpAnswer& answer) {
    return read_answer<Entitlement>(answer, [](const Json& json) {
        return Entitlement{json.at("allowed").get<bool>(), read_standing(json)};
    });
}

Result<Consumption> read_consumption(const HttpAnswer& answer, std::string id) {
    return read_answer<Consumption>(answer, [&](const Json& json) {
        return Consumption{json.at("allowed").get<bool>(), json.at("duplicate").get<bool>(),
                           std::move(id), read_standing(json)};
    });
}

Result<ReserveAnswer> read_reserved(const HttpAnswer& answer) {
    return read_answer<ReserveAnswer>(answer, [](const Json& json) {
        auto reservation = read_reservation(json);
        const bool is_open = reservation.status == ReservationStatus::Open;
        return ReserveAnswer{is_open ? ReserveOutcome::Held : ReserveOutcome::Ended,
                             std::move(reservation), read_standing(json)};
    });
}

Result<EndAnswer> read_ended(const HttpAnswer& answer) {
    return read_answer<EndAnswer>(answer, [](const Json& json) {
        auto reservation = read_reservation(json);
        const EndOutcome outcome = outcome_of(reservation, json);
        return EndAnswer{outcome, std::move(reservation), {}};
    });
}

Result<UsageSummary> read_usage(const HttpAnswer& answer) {
    return read_answer<UsageSummary>(answer, [](const Json& json) {
        UsageSummary summary;
        summary.customer = json.at("customer").get<std::string>();
        summary.plan = json.at("plan").get<std::string>();
        summary.period_start = instant_at(json, "period_start");
        summary.period_end = instant_at(json, "period_end");
        for (const Json& row : json.at("meters")) summary.meters.push_back(read_meter(row));
        return summary;
    });
}

Result<Customer> read_customer(const HttpAnswer& answer) {
    return read_answer<Customer>(answer, [](const Json& json) {
        Customer customer;
        customer.id = json.at("id").get<std::string>();
        customer.external_id = json.at("external_id").get<std::string>();
        customer.email = nullable_text(json, "email");
        customer.name = nullable_text(json, "name");
        customer.metadata = json.at("metadata").get<std::map<std::string, std::string>>();
        customer.created_at = instant_at(json, "created_at");
        return customer;
    });
}

std::optional<Standing> denied_standing(const Error& error, const std::string& customer) {
    if (!error.problem || error.problem->status != 402) return std::nullopt;
    if (error.code != "limit_exceeded" && error.code != kNotInPlan) return std::nullopt;
    try {
        Standing standing = read_standing(Json::parse(error.problem->json));
        standing.customer = customer;
        standing.reason = error.code;
        return standing;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

ReserveAnswer denied_reserve(Standing standing) {
    const auto outcome =
        standing.reason == kNotInPlan ? ReserveOutcome::NotInPlan : ReserveOutcome::LimitExceeded;
    return {outcome, {}, std::move(standing)};
}

std::optional<EndOutcome> refused_end(const Error& error) {
    if (!error.problem) return std::nullopt;
    if (error.code == "reservation.exceeds_limit") return EndOutcome::ExceedsLimit;
    if (error.code == "reservation.already_committed") return EndOutcome::AlreadyCommitted;
    if (error.code == "reservation.released") return EndOutcome::Released;
    if (error.code == "reservation.expired") return EndOutcome::Expired;
    return std::nullopt;
}

}  // namespace turnpike::client
