#include "billing/overage/charge_proof.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "billing/overage/overage_charge.h"
#include "json/value.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kNextNumber = R"sql(
    SELECT COALESCE(MAX(number), 0) + 1 FROM charge_proofs
     WHERE subscription_id = $1 AND meter_key = $2 AND period_start = $3
)sql";

constexpr std::string_view kInsert = R"sql(
    INSERT INTO charge_proofs (subscription_id, meter_key, period_start, number, period_end,
           billed_period_start, aggregation, entries, digest, segments, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
)sql";

constexpr std::string_view kColumns = R"sql(
    SELECT subscription_id, meter_key, period_start, number, period_end, billed_period_start,
           aggregation, entries, digest, segments, created_at
      FROM charge_proofs
     WHERE subscription_id = $1 AND meter_key = $2 AND period_start = $3
)sql";

std::string with_columns(std::string_view rest) { return std::string(kColumns).append(rest); }

Json maybe_price(const std::optional<UnitPrice>& price) {
    return price ? Json(price->text()) : Json();
}

Quantity quantity_at(const Json& segment, const char* name) {
    return known_word(Quantity::parse(segment.at(name).get<std::string>()));
}

std::optional<UnitPrice> price_at(const Json& segment, const char* name) {
    const Json& price = segment.at(name);
    if (price.is_null()) return std::nullopt;
    return known_word(UnitPrice::parse(price.get<std::string>()));
}

std::vector<ProvenSegment> read_segments(std::string_view text) {
    std::vector<ProvenSegment> segments;
    for (const Json& stored : parse_json(text).value()) {
        segments.push_back(
            {.plan_version = PlanVersionId::trusted(stored.at("plan_version").get<std::string>()),
             .rated = {quantity_at(stored, "used"), quantity_at(stored, "included"),
                       price_at(stored, "unit_price")},
             .cap = price_at(stored, "cap"),
             .override_number = stored.at("override").get<std::uint32_t>()});
        const Json& charged = stored.at("charged");
        if (charged.is_null()) continue;
        const auto currency = parse_currency(charged.at("currency").get<std::string>());
        segments.back().charged = {
            segments.size() - 1, quantity_at(charged, "quantity"),
            price_at(charged, "unit_price").value(),
            Money(charged.at("amount").get<std::int64_t>(), known_word(currency))};
    }
    return segments;
}

Json write_charged(const std::optional<ChargedOverage>& charged) {
    if (!charged) return {};
    return Json{{"quantity", charged->quantity.text()},
                {"unit_price", charged->unit_price.text()},
                {"amount", charged->amount.minor()},
                {"currency", to_text(charged->amount.currency())}};
}

ChargeProof proof_from(const sql::Row& row) {
    return {.subscription = row.id<SubscriptionId>(0),
            .meter_key = row.text(1),
            .period = {row.instant(2), row.instant(4)},
            .number = row.integer(3),
            .billed_period_start = row.instant(5),
            .aggregation = known_word(parse_aggregation(row.text(6))),
            .entries = static_cast<std::uint64_t>(row.integer(7)),
            .digest = row.text(8),
            .segments = read_segments(row.text(9)),
            .created_at = row.instant(10)};
}

std::vector<ProvenSegment> segments_of(const Counter& counter,
                                       const std::vector<ChargedOverage>& charged) {
    std::vector<ProvenSegment> segments;
    const auto rated = rated_segments(counter);
    for (std::size_t i = 0; i < rated.size(); ++i) {
        const CounterSegment& terms = counter.segments[i];
        segments.push_back({.plan_version = terms.plan_version,
                            .rated = rated[i],
                            .cap = terms.overage_cap,
                            .override_number = terms.override_number});
        const auto before = std::ranges::find(charged, i, &ChargedOverage::segment);
        if (before != charged.end()) segments.back().charged = *before;
    }
    return segments;
}

}  // namespace

void HistoryDigest::add(const CounterEntry& entry) {
    std::string line = entry.corrects ? std::string(to_text(entry.corrects->kind)) : "event";
    for (const auto& part :
         {entry.source, entry.event_id, std::to_string(entry.segment), entry.value.text()})
        line.append("\t").append(part);
    if (entry.unique) line += fmt::format("\t{:016x}", *entry.unique);
    if (entry.corrects)
        line.append("\t").append(entry.corrects->source).append("\t").append(entry.corrects->id);
    sha_.add(line.append("\n"));
}

std::string HistoryDigest::finish() { return to_hex(sha_.finish()); }

asio::awaitable<Result<std::optional<TalliedHistory>>> tally_history(
    UsageStore& usage, HistoryQuery query, Meter::Aggregation aggregation) {
    HistoryDigest digest;
    HistoryTally tally(aggregation);
    SeeEntry see = [&](const CounterEntry& entry) {
        digest.add(entry);
        tally.add(entry);
    };
    auto history = co_await usage.read_history(std::move(query), std::move(see));
    if (!history) co_return failure(history);
    if (!*history) co_return std::nullopt;
    co_return TalliedHistory{**std::move(history), std::move(tally), digest.finish()};
}

asio::awaitable<Result<std::optional<ProvenUsage>>> prove_usage(UsageStore& usage,
                                                                HistoryQuery query,
                                                                Meter::Aggregation aggregation) {
    const std::string meter_key = query.meter_key;
    auto tallied = co_await tally_history(usage, std::move(query), aggregation);
    if (!tallied) co_return failure(tallied);
    if (!*tallied) co_return std::nullopt;
    auto& [history, tally, digest] = **tallied;
    const auto& counter = history.counter;
    if (tally.used(counter.segments.size()) != used_by_segment(counter))
        co_return conflict("billing.usage_contradicts",
                           "the events of " + meter_key +
                               " do not come to what its counter shows; nothing is charged for it");
    co_return ProvenUsage{std::move(history.counter), history.entries, std::move(digest)};
}

std::string text_of(const std::vector<ProvenSegment>& segments) {
    Json stored = Json::array();
    for (const ProvenSegment& segment : segments)
        stored.push_back(Json{{"plan_version", segment.plan_version.text()},
                              {"used", segment.rated.used.text()},
                              {"included", segment.rated.included.text()},
                              {"unit_price", maybe_price(segment.rated.unit_price)},
                              {"cap", maybe_price(segment.cap)},
                              {"charged", write_charged(segment.charged)},
                              {"override", segment.override_number}});
    return stored.dump();
}

Result<std::vector<OverageLine>> lines_of(const std::vector<ProvenSegment>& segments,
                                          Currency currency) {
    std::vector<UsageSegment> rated;
    for (const ProvenSegment& segment : segments) rated.push_back(segment.rated);
    const auto owed = rate_overage(rated, currency);
    if (!owed) return failure(owed);
    std::vector<ChargedOverage> charged;
    for (const ProvenSegment& segment : segments)
        if (segment.charged) charged.push_back(*segment.charged);
    return adjust_overage(*owed, charged);
}

Result<std::monostate> freeze_proven(sql::Transaction& tx, const PeriodClose& close,
                                     const ProvenUsage& usage, const FreezeStamp& stamp) {
    const Counter& counter = usage.counter;
    const Instant start = counter.period.start;
    const ProofName name{close.subscription, counter.meter_key, start, close.period.start};
    if (find_proof(tx, name)) return std::monostate{};
    const auto due = charges_due(tx, close, periods_of({counter}).front(), stamp.currency);
    if (!due) return failure(due);
    if (due->empty()) return std::monostate{};
    const auto segments =
        segments_of(counter, charged_elsewhere(tx, close, counter.meter_key, start));
    const auto number =
        tx.one(kNextNumber, {close.subscription, counter.meter_key, start})->integer(0);
    tx.run(kInsert,
           {close.subscription, counter.meter_key, start, number, counter.period.end,
            close.period.start, to_text(counter.aggregation),
            static_cast<std::int64_t>(usage.entries), usage.digest, text_of(segments), stamp.now});
    freeze_charges(tx, close, *due, stamp.ids, stamp.now);
    return std::monostate{};
}

std::optional<ChargeProof> find_proof(sql::Transaction& tx, const ProofName& name) {
    const auto row =
        tx.one(with_columns(" AND billed_period_start = $4"),
               {name.subscription, name.meter_key, name.period_start, name.billed_period_start});
    if (!row) return std::nullopt;
    return proof_from(*row);
}

std::optional<ChargeProof> find_proof_before(sql::Transaction& tx, const ChargeProof& proof) {
    const auto row =
        tx.one(with_columns(" AND number = $4"),
               {proof.subscription, proof.meter_key, proof.period.start, proof.number - 1});
    if (!row) return std::nullopt;
    return proof_from(*row);
}

}  // namespace turnpike
