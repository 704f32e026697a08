#include "billing/overage/explanation.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "base/minor_units.h"
#include "catalog/service.h"
#include "invoicing/carried_time.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr std::string_view kInvoiceOf = R"sql(
    SELECT invoice_id, COALESCE(provider_price_id, '') FROM invoice_lines WHERE id = $1
)sql";

constexpr std::string_view kCharge = R"sql(
    SELECT c.subscription_id, c.meter_key, c.period_start, c.billed_period_start, c.segment,
           c.quantity, c.unit_price, c.amount_minor, c.currency, m.name, s.customer_id
      FROM overage_charges c
      JOIN meters m ON m.key = c.meter_key
      JOIN subscriptions s ON s.id = c.subscription_id
     WHERE c.id = $1
)sql";

std::optional<ExplainedCharge> load_charge(sql::Transaction& tx, const OverageChargeId& id) {
    const auto row = tx.one(kCharge, {id});
    if (!row) return std::nullopt;
    auto proof = find_proof(
        tx, {row->id<SubscriptionId>(0), row->text(1), row->instant(2), row->instant(3)});
    if (!proof) return std::nullopt;
    ExplainedCharge charge{.id = id,
                           .segment = static_cast<std::size_t>(row->integer(4)),
                           .quantity = row->quantity(5),
                           .unit_price = row->unit_price(6),
                           .amount = Money(row->integer(7), parse_currency(row->text(8)).value()),
                           .meter_name = row->text(9),
                           .customer = row->id<CustomerId>(10),
                           .proof = *std::move(proof),
                           .plans = {}};
    if (const auto before = find_proof_before(tx, charge.proof))
        charge.entries_before = before->entries;
    for (const ProvenSegment& segment : charge.proof.segments) {
        if (const auto plan = load_plan_version(tx, segment.plan_version))
            charge.plans.emplace(segment.plan_version.text(), *plan);
        const std::uint32_t number = segment.override_number;
        if (number == 0) continue;
        if (const auto own = find_allowance_override(tx, charge.customer, row->text(1), number))
            charge.overrides.emplace(number, *own);
    }
    return charge;
}

std::optional<ExplainedLine::Price> load_line_price(sql::Transaction& tx, const Invoice& invoice,
                                                    const std::string& provider_price) {
    if (provider_price.empty()) return std::nullopt;
    const auto sold = find_price_of_provider(tx, invoice.provider, provider_price);
    if (!sold) return std::nullopt;
    const auto plan = load_plan_version(tx, sold->plan_version);
    if (!plan) return std::nullopt;
    return ExplainedLine::Price{*plan, sold->price, sold->recurrence, sold->amount};
}

Json write_plan(const ExplainedCharge& charge, const PlanVersionId& version) {
    const auto plan = charge.plans.find(version.text());
    if (plan == charge.plans.end()) return Json{{"version_id", version.text()}};
    return Json{{"key", plan->second.key},
                {"name", plan->second.name},
                {"version", plan->second.number},
                {"version_id", version.text()}};
}

/// The customer's own limit that a segment was used under; null: the plan's.
Json write_override(const ExplainedCharge& charge, std::uint32_t number) {
    const auto own = charge.overrides.find(number);
    if (own == charge.overrides.end()) return {};
    const auto& [limit, overage] = own->second.given;
    return Json{{"limit", limit ? Json(limit->text()) : Json()},
                {"overage", overage ? Json(to_text(*overage)) : Json()},
                {"created_at", format_rfc3339(own->second.begins)},
                {"expires_at", write_instant(own->second.expires_at)},
                {"removed_at", write_instant(own->second.removed_at)}};
}

Json shown_price(const std::optional<UnitPrice>& price) {
    return price ? Json(price->text()) : Json();
}

Json shown_charge(const std::optional<ChargedOverage>& charged) {
    if (!charged) return {};
    return Json{{"quantity", charged->quantity.text()}, {"amount", write_money(charged->amount)}};
}

/// What was used, from the allowance to the price, segment by segment.
Json write_walk(const ExplainedCharge& charge) {
    std::vector<UsageSegment> rated;
    for (const ProvenSegment& segment : charge.proof.segments) rated.push_back(segment.rated);
    const auto coverage = cover(rated);
    const auto owed = rate_overage(rated, charge.amount.currency());
    Json walk = Json::array();
    for (std::size_t i = 0; i < rated.size(); ++i) {
        const ProvenSegment& segment = charge.proof.segments[i];
        const auto& [used, included, unit_price] = segment.rated;
        Json step{{"segment", i},
                  {"plan", write_plan(charge, segment.plan_version)},
                  {"override", write_override(charge, segment.override_number)},
                  {"used", used.text()},
                  {"included", included.text()},
                  {"covered", coverage[i].covered.text()},
                  {"overage", coverage[i].overage.text()},
                  {"unit_price", shown_price(unit_price)},
                  {"cap", shown_price(segment.cap)},
                  {"exact", nullptr},
                  {"amount", nullptr},
                  {"charged_before", shown_charge(segment.charged)}};
        if (unit_price) {
            const Int128 exact =
                Int128{coverage[i].overage.scaled()} * Int128{unit_price->scaled()};
            step["exact"] = format_scaled(exact, kCostDigits);
            Money amount(0, charge.amount.currency());
            for (const OverageLine& line : owed.value())
                if (line.segment == i) amount = line.amount;
            step["amount"] = write_money(amount);
        }
        walk.push_back(std::move(step));
    }
    return walk;
}

Json write_charge(const ExplainedCharge& charge) {
    const ChargeProof& proof = charge.proof;
    Quantity used;
    for (const ProvenSegment& segment : proof.segments) used = used + segment.rated.used;
    return Json{
        {"id", charge.id.text()},
        {"kind", charge.is_adjustment() ? "adjustment" : "overage"},
        {"meter",
         {{"key", proof.meter_key},
          {"name", charge.meter_name},
          {"aggregation", to_text(proof.aggregation)}}},
        {"period", write_period(proof.period)},
        {"used", used.text()},
        {"segment", charge.segment},
        {"quantity", charge.quantity.text()},
        {"unit_price", charge.unit_price.text()},
        {"amount", write_money(charge.amount)},
        {"rounding", rounding_rule(charge.amount.currency())},
        {"segments", write_walk(charge)},
        {"frozen_at", format_rfc3339(proof.created_at)},
        {"proof",
         {{"entries", proof.entries},
          {"entries_before", charge.entries_before},
          {"algorithm", "sha256"},
          {"digest", proof.digest}}},
    };
}

Json write_price(const ExplainedLine::Price& price) {
    return Json{{"id", price.id.text()},
                {"amount", write_money(price.amount)},
                {"interval", to_text(price.recurrence.interval)},
                {"interval_count", price.recurrence.count},
                {"plan",
                 {{"key", price.plan.key},
                  {"name", price.plan.name},
                  {"version", price.plan.number},
                  {"version_id", price.plan.id.text()}}}};
}

}  // namespace

Result<ExplainedLine> explain_line(sql::Transaction& tx, const InvoiceLineId& id,
                                   const VisibleCustomers& whose) {
    const auto none = not_found("invoice_line.not_found", "there is no such invoice line");
    const auto row = tx.one(kInvoiceOf, {id});
    if (!row) return none;
    auto invoice = load_invoice(tx, row->id<InvoiceId>(0));
    if (!invoice) return failure(invoice);
    if (!is_visible(invoice->customer, whose)) return none;
    name_carried_time(tx, *invoice);
    const auto line = std::ranges::find(invoice->lines, id, &InvoiceLine::id);
    ExplainedLine explained{.invoice = *invoice, .line = *line};
    if (line->overage_charge) explained.charge = load_charge(tx, *line->overage_charge);
    explained.price = load_line_price(tx, *invoice, row->text(1));
    return explained;
}

std::string_view rounding_rule(Currency currency) {
    if (charged_in(currency) == 1)
        return "each segment's exact amount once, half up, to the currency's smallest unit";
    return "each segment's exact amount once, half up, to ten of the currency's smallest unit: "
           "nothing finer can be charged";
}

Json write_explanation(const ExplainedLine& explained) {
    const auto& [invoice, line, charge, price] = explained;
    return Json{
        {"object", "invoice_line_explanation"},
        {"invoice", invoice.id.text()},
        {"invoice_line", line.id.text()},
        {"kind", to_text(line.kind)},
        {"description", line.description},
        {"amount", write_money(line.amount)},
        {"period", write_period(line.period)},
        {"provider",
         {{"name", invoice.provider},
          {"invoice", invoice.provider_invoice_id},
          {"line", line.provider_line_id},
          {"quantity", line.quantity}}},
        {"price", price ? write_price(*price) : Json()},
        {"charge", charge ? write_charge(*charge) : Json()},
    };
}

Json write_entry(const CounterEntry& entry, const Period& period) {
    Json json{{"object", "usage_entry"},
              {"number", entry.number},
              {"event", entry.id.text()},
              {"kind", entry.corrects ? to_text(entry.corrects->kind) : "event"},
              {"source", entry.source},
              {"event_id", entry.event_id},
              {"time", format_rfc3339(entry.time)},
              {"received_at", format_rfc3339(entry.received_at)},
              {"late", entry.received_at >= period.end},
              {"segment", entry.segment},
              {"quantity", entry.value.text()},
              {"corrects", nullptr}};
    if (entry.corrects)
        json["corrects"] =
            Json{{"source", entry.corrects->source}, {"event_id", entry.corrects->id}};
    return json;
}

}  // namespace turnpike
