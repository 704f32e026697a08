#include "entitlements/wire.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "catalog/wire.h"
#include "entitlements/consume_scan.h"
#include "json/object_reader.h"
#include "json/object_text.h"
#include "json/value.h"
#include "metering/usage_event.h"

namespace turnpike {
namespace {

Quantity read_units(ObjectReader& fields, std::string_view name) {
    const auto units = fields.optional_quantity(name).value_or(Quantity::whole(1));
    if (units < Quantity{} || units > kMaxQuantity)
        fields.complain(name, "out_of_range", "must be from 0 to 1000000000000");
    return units;
}

/// Exactly one of the two names must be there.
std::string read_meter(ObjectReader& fields) {
    const auto meter = fields.optional_text("meter");
    const auto feature = fields.optional_text("feature");
    if (meter.has_value() == feature.has_value())
        fields.complain("meter", "required", "or feature must be there, and not both");
    return meter.value_or(feature.value_or(""));
}

/// What the caller calls the event, when he calls it something.
template <class Body>
void read_name(ObjectReader& fields, Body& body) {
    body.source = fields.optional_text("source");
    body.id = fields.optional_text("id");
    if (body.source && !body.id)
        fields.complain("id", "required", "a source names an event only together with an id");
    if (body.source && is_reserved_source(*body.source))
        fields.complain("source", "reserved_source",
                        "must not begin with turnpike.: such sources are the server's own");
}

std::string when_of(const Reset& reset) {
    switch (reset.kind) {
        case Reset::Kind::BillingPeriod: return "in this period";
        case Reset::Kind::Day: return "on this day";
        case Reset::Kind::Week: return "in this week";
        case Reset::Kind::Month: return "in this month";
        case Reset::Kind::Lifetime: return "in all";
        case Reset::Kind::Rolling:
            return reset.hours == 1 ? "in the last hour"
                                    : fmt::format("in the last {} hours", reset.hours);
    }
    check(false, "every reset has words");
    return {};
}

/// As most senders write it: whatever else the headers may say of JSON is for others to judge.
bool is_plain_json(const http::Request& request) {
    const std::string* type = request.header("Content-Type");
    return type != nullptr && *type == "application/json" &&
           request.header("Content-Encoding") == nullptr;
}

std::int64_t whole_units(Quantity quantity) { return quantity.scaled() / Quantity::kOne; }

struct RateParameter {
    char name;
    std::optional<std::int64_t> value;  ///< absent: it is not told
};

/// `"api_calls";q=100;w=86400`; without fmt, since every gateway question asks for two.
std::string rate_item(const std::string& meter_key, RateParameter first, RateParameter second) {
    std::string text;
    text.reserve(meter_key.size() + 48);
    text.append(1, '"').append(meter_key).append(1, '"');
    for (const auto& parameter : {first, second}) {
        if (!parameter.value) continue;
        std::array<char, 20> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), *parameter.value).ptr;
        text.append({';', parameter.name, '='});
        text.append(digits.data(), end);
    }
    return text;
}

void write_usage(Json& row, const WindowUsage& usage) {
    row["used"] = usage.used.text();
    row["reserved"] = usage.reserved.text();
    row["included"] = usage.included.text();
    row["remaining"] = usage.remaining.text();
    row["hard_limit"] = usage.hard_limit ? Json(usage.hard_limit->text()) : Json();
    row["usage_percentage"] = usage.percentage;
    row["overage"] = usage.overage.text();
    row["overage_allowed"] = usage.overage_allowed;
    row["overage_amount"] = usage.overage_amount.minor();
    row["currency"] = to_text(usage.overage_amount.currency());
    row["reset"] = to_text(usage.reset);
    if (usage.reset.kind == Reset::Kind::Lifetime) return;
    row["window_start"] = format_rfc3339(usage.window.start);
    row["window_end"] = format_rfc3339(usage.window.end);
}

}  // namespace

void write_numbers(ObjectText& body, const Decision& decision) {
    body.text("limit", decision.limit.text())
        .text("used", decision.used.text())
        .text("remaining", decision.remaining.text())
        .text("overage", decision.overage.text())
        .flag("overage_allowed", decision.overage_allowed)
        .text("reset", to_text(decision.reset));
    if (decision.hard_limit) body.text("hard_limit", decision.hard_limit->text());
    if (decision.resets_at) body.text("resets_at", format_rfc3339(*decision.resets_at));
    body.text("plan", decision.plan);
}

Result<CheckRequest> read_check(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    CheckRequest check;
    check.customer = fields.optional_text("customer");
    check.meter_key = read_meter(fields);
    const bool is_feature = body->is_object() && body->contains("feature");
    if (is_feature) check.named = Named::Feature;
    check.requested = read_units(fields, "requested");
    return fields.finish(std::move(check));
}

std::optional<std::int64_t> latency_us_of(Quantity ms) {
    constexpr std::int64_t kScaledPerUs = Quantity::kOne / 1'000;
    const bool is_latency =
        ms >= Quantity{} && ms <= Quantity::whole(kLatencyMaxMs) && ms.scaled() % kScaledPerUs == 0;
    if (!is_latency) return std::nullopt;
    return ms.scaled() / kScaledPerUs;
}

Result<ConsumeBody> read_consume(const http::Request& request) {
    if (is_plain_json(request))
        if (auto scanned = scan_consume(request.body)) return *std::move(scanned);
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    ConsumeBody consume;
    consume.customer = fields.optional_text("customer");
    consume.meter_key = read_meter(fields);
    if (body->is_object() && body->contains("feature")) consume.named = Named::Feature;
    consume.quantity = read_units(fields, "quantity");
    read_name(fields, consume);
    if (const auto ms = fields.optional_quantity("latency_ms")) {
        consume.latency_us = latency_us_of(*ms);
        if (!consume.latency_us)
            fields.complain("latency_ms", "out_of_range",
                            "must be from 0 to 86400000 with at most 3 fraction digits");
    }
    consume.properties = fields.optional_texts("properties");
    return fields.finish(std::move(consume));
}

Result<ReserveBody> read_reserve(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    ReserveBody reserve;
    reserve.customer = fields.optional_text("customer");
    reserve.meter_key = fields.required_text("meter");
    reserve.quantity = read_units(fields, "quantity");
    read_name(fields, reserve);
    if (const auto ttl = fields.optional_integer("ttl_s", {.min = 1, .max = kReservationTtlMaxS}))
        reserve.ttl = std::chrono::seconds(*ttl);
    reserve.properties = fields.optional_texts("properties");
    return fields.finish(std::move(reserve));
}

Result<CommitBody> read_commit(const http::Request& request) {
    const auto body = request.json();
    if (!body) return failure(body);
    ObjectReader fields(*body);
    CommitBody commit;
    const auto quantity = fields.optional_quantity("quantity");
    if (!quantity)
        fields.complain("quantity", "required", "must say what was used; 0 is allowed");
    else if (*quantity < Quantity{} || *quantity > kMaxQuantity)
        fields.complain("quantity", "out_of_range", "must be from 0 to 1000000000000");
    commit.quantity = quantity.value_or(Quantity{});
    commit.properties = fields.optional_texts("properties");
    return fields.finish(std::move(commit));
}

Json write_upgrade(const UpgradeHint& upgrade) {
    Json json;
    json["plan"] = upgrade.plan;
    json["name"] = upgrade.name;
    json["price"] = upgrade.price ? Json(amount_text(*upgrade.price)) : Json();
    json["currency"] = upgrade.price ? Json(to_text(upgrade.price->currency())) : Json();
    return json;
}

std::string write_check(const Decision& decision, const Standing& standing) {
    ObjectText body;
    body.text("object", "entitlement")
        .flag("allowed", decision.allowed)
        .text("reason", to_text(decision.reason));
    write_numbers(body, decision);
    body.text("reserved", decision.reserved.text());
    body.number("version", standing.plan->number).text("customer", standing.customer.text());
    if (decision.upgrade) body.json("upgrade", write_upgrade(*decision.upgrade));
    return body.take();
}

std::string write_consumed(const Decision& decision, const ConsumeOutcome& outcome) {
    ObjectText body;
    body.text("object", "usage")
        .flag("allowed", true)
        .flag("duplicate", outcome.usage.verdict == Verdict::Duplicate)
        .text("reason", to_text(decision.reason));
    write_numbers(body, decision);
    body.text("reserved", decision.reserved.text());
    body.text("customer", outcome.standing.customer.text());
    return body.take();
}

Json write_summary(const UsageSummary& summary) {
    Json json;
    json["object"] = "usage_summary";
    json["customer"] = summary.customer.text();
    json["plan"] = summary.plan_key;
    json["period_start"] = format_rfc3339(summary.period.start);
    json["period_end"] = format_rfc3339(summary.period.end);
    json["meters"] = Json::array();
    for (const MeterUsage& meter : summary.meters) {
        Json row;
        row["meter"] = meter.meter_key;
        write_usage(row, meter.now);
        row["windows"] = Json::array();
        for (const WindowUsage& window : meter.windows) {
            Json other;
            write_usage(other, window);
            row["windows"].push_back(std::move(other));
        }
        json["meters"].push_back(std::move(row));
    }
    return json;
}

namespace {

std::string_view is_or_are(Quantity quantity) {
    return quantity == Quantity::whole(1) ? "is" : "are";
}

bool adds_up(Meter::Aggregation aggregation) {
    switch (aggregation) {
        case Meter::Aggregation::Sum:
        case Meter::Aggregation::Count:
        case Meter::Aggregation::Unique: return true;
        case Meter::Aggregation::Max:
        case Meter::Aggregation::Min:
        case Meter::Aggregation::Last: return false;
    }
    std::unreachable();
}

/// What does not fit: "asked for 2 runs, and 1 is left", "a value of 7 gb is above the limit".
std::string excess(const Decision& decision, const std::string& meter_key) {
    const std::string asked = decision.requested.text() + " " + meter_key;
    if (!adds_up(decision.aggregation)) return "a value of " + asked + " is above the limit";
    return fmt::format("asked for {}, and {} {} left", asked, decision.remaining.text(),
                       is_or_are(decision.remaining));
}

/// Without its details.
Error used_up(const Decision& decision, const std::string& meter_key) {
    std::string reserved;
    if (decision.reserved > Quantity{})
        reserved = ", and " + decision.reserved.text() + " reserved,";
    std::string message = fmt::format("{}: {} of {} {} used{} {}", excess(decision, meter_key),
                                      decision.used.text(), decision.limit.text(),
                                      is_or_are(decision.used), reserved, when_of(decision.reset));
    if (decision.reason != DecisionReason::CounterFull)
        return {ErrorCode::PaymentRequired, "limit_exceeded", std::move(message)};
    message += "; no counter holds more, under any plan: count in a larger unit";
    return {ErrorCode::Conflict, "entitlement.counter_full", std::move(message)};
}

}  // namespace

Error denial(const Decision& decision, const std::string& meter_key, Instant now) {
    check(!decision.allowed, "only a denied request has a denial");
    if (decision.reason == DecisionReason::NotInPlan) {
        Error error{ErrorCode::PaymentRequired, "not_in_plan",
                    fmt::format("the plan {} does not include {}", decision.plan, meter_key)};
        error.details = {{"feature", meter_key}, {"plan", decision.plan}};
        return error;
    }
    Error error = used_up(decision, meter_key);
    error.details = {{"feature", meter_key},
                     {"limit", decision.limit.text()},
                     {"used", decision.used.text()},
                     {"reserved", decision.reserved.text()},
                     {"remaining", decision.remaining.text()},
                     {"reset", to_text(decision.reset)},
                     {"plan", decision.plan}};
    if (!decision.resets_at) return error;
    error.details.emplace_back("resets_at", format_rfc3339(*decision.resets_at));
    if (decision.waits_for_reservations) return error;
    error.retry_after_s = static_cast<int>(
        std::min<std::int64_t>(seconds_until(*decision.resets_at, now), 1'000'000'000));
    return error;
}

http::Response write_denial(const Error& denial, const Decision& decision,
                            const http::Request& request, const std::string& upgrade_url) {
    Json members = Json::object();
    if (decision.upgrade) {
        members["upgrade"] = write_upgrade(*decision.upgrade);
        if (!upgrade_url.empty()) members["upgrade_url"] = upgrade_url;
    }
    return http::problem(denial, request, members);
}

std::int64_t seconds_until(Instant then, Instant now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(then - now).count();
    return std::max<std::int64_t>(0, left);
}

void add_rate_headers(http::Headers& headers, const Decision& decision,
                      const std::string& meter_key, Instant now) {
    if (!decision.quota) return;
    const Quota& quota = *decision.quota;
    std::optional<std::int64_t> window, left;
    if (quota.window) window = std::chrono::ceil<std::chrono::seconds>(*quota.window).count();
    if (quota.resets_at) left = seconds_until(*quota.resets_at, now);
    headers.emplace_back("RateLimit-Policy",
                         rate_item(meter_key, {'q', whole_units(quota.limit)}, {'w', window}));
    headers.emplace_back("RateLimit",
                         rate_item(meter_key, {'r', whole_units(quota.left)}, {'t', left}));
}

}  // namespace turnpike
