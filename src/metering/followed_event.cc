#include "metering/followed_event.h"

#include <cstddef>

#include "base/check.h"
#include "json/write.h"
#include "metering/aggregation.h"
#include "metering/wire.h"

namespace turnpike {
namespace {

std::string_view to_text(PeriodBilling::State state) {
    switch (state) {
        case PeriodBilling::State::Open: return "open";
        case PeriodBilling::State::Closing: return "closing";
        case PeriodBilling::State::Closed: return "closed";
    }
    check(false, "every state has a text");
    return {};
}

std::string_view to_text(PeriodCharge::Kind kind) {
    switch (kind) {
        case PeriodCharge::Kind::Overage: return "overage";
        case PeriodCharge::Kind::Adjustment: return "adjustment";
    }
    check(false, "every kind has a text");
    return {};
}

Json write_invoice_of(const BilledOn& on) {
    Json json;
    json["id"] = on.invoice ? Json(on.invoice->text()) : Json();
    json["number"] = write_optional(on.number);
    json["status"] = write_optional(on.status);
    json["provider"] = on.provider;
    json["provider_invoice_id"] = on.provider_invoice_id;
    json["line"] = on.line ? Json(on.line->text()) : Json();
    return json;
}

Json write_charge(const PeriodCharge& charge) {
    Json json;
    json["id"] = charge.id.text();
    json["kind"] = to_text(charge.kind);
    json["quantity"] = charge.quantity.text();
    json["unit_price"] = charge.unit_price.text();
    json["amount"] = write_money(charge.amount);
    json["created_at"] = format_rfc3339(charge.created_at);
    json["invoice"] = charge.on ? write_invoice_of(*charge.on) : Json();
    return json;
}

Json write_billing(const CountBilling& billing) {
    if (!billing) return {};
    Json json;
    json["state"] = to_text(billing->state);
    json["charges"] = Json::array();
    for (const PeriodCharge& charge : billing->charges)
        json["charges"].push_back(write_charge(charge));
    return json;
}

bool has_end(const Reset& reset) {
    return reset.kind != Reset::Kind::Lifetime && reset.kind != Reset::Kind::Rolling;
}

void write_counter(Json& json, const Counter& counter) {
    json["window_end"] = has_end(counter.reset) ? Json(format_rfc3339(counter.period.end)) : Json();
    json["used"] = counter.used.text();
    json["included"] = counter.segments.back().included.text();
    json["hard_limit"] = counter.hard_limit ? Json(counter.hard_limit->text()) : Json();
    json["overage"] = overage_of(counter).text();
}

}  // namespace

std::vector<CountBilling> find_billing(sql::Transaction& tx, const FollowedEvent& followed,
                                       const FindPeriodBilling& find) {
    std::vector<CountBilling> billing;
    for (const Counter& counter : followed.counters) {
        const bool is_billed = counter.contract && counter.reset.kind == Reset::Kind::BillingPeriod;
        billing.emplace_back();
        if (is_billed)
            billing.back() = find(tx, {*counter.contract, counter.meter_key, counter.period.start});
    }
    return billing;
}

Json write_followed_event(const FollowedEvent& followed, Instant now,
                          const std::vector<CountBilling>* billing) {
    Json json = write_event(followed.recorded);
    Json& counts = json["counts"];
    for (std::size_t i = 0; i < followed.counters.size(); ++i) {
        write_counter(counts[i], as_of(followed.counters[i], now));
        if (billing != nullptr) counts[i]["billing"] = write_billing(billing->at(i));
    }
    return json;
}

}  // namespace turnpike
