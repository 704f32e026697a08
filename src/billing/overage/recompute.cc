#include "billing/overage/recompute.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "billing/overage/charge_proof.h"
#include "invoicing/service.h"
#include "rating/overage.h"

namespace turnpike {
namespace {

constexpr int kProofsPerPage = 200;

constexpr std::string_view kOfInvoice = R"sql(
    SELECT DISTINCT p.created_at, p.subscription_id, p.meter_key, p.period_start, p.number,
           p.billed_period_start, s.customer_id
      FROM invoice_lines l
      JOIN overage_charges c ON c.id = l.overage_charge_id
      JOIN charge_proofs p
        ON p.subscription_id = c.subscription_id AND p.meter_key = c.meter_key
       AND p.period_start = c.period_start AND p.billed_period_start = c.billed_period_start
      JOIN subscriptions s ON s.id = p.subscription_id
     WHERE l.invoice_id = $1
     ORDER BY 1, 2, 3, 4, 5
)sql";

constexpr std::string_view kSince = R"sql(
    SELECT p.created_at, p.subscription_id, p.meter_key, p.period_start, p.number,
           p.billed_period_start, s.customer_id
      FROM charge_proofs p JOIN subscriptions s ON s.id = p.subscription_id
     WHERE (p.created_at, p.subscription_id, p.meter_key, p.period_start, p.number)
           > ($1, $2, $3, $4, $5)
     ORDER BY 1, 2, 3, 4, 5
     LIMIT $6
)sql";

constexpr std::string_view kCountSince = R"sql(
    SELECT COUNT(*) FROM charge_proofs WHERE created_at >= $1
)sql";

constexpr std::string_view kProvenCharges = R"sql(
    SELECT c.id, c.segment, c.quantity, c.unit_price, c.amount_minor, c.currency, l.id,
           l.amount_minor, i.currency
      FROM overage_charges c
      LEFT JOIN invoice_lines l ON l.overage_charge_id = c.id
      LEFT JOIN invoices i ON i.id = l.invoice_id
     WHERE c.subscription_id = $1 AND c.meter_key = $2 AND c.period_start = $3
       AND c.billed_period_start = $4
     ORDER BY c.segment, l.id
)sql";

// By the closes whose proofs came before.
constexpr std::string_view kChargedBefore = R"sql(
    SELECT c.segment, CAST(SUM(c.quantity) AS BIGINT), CAST(SUM(c.amount_minor) AS BIGINT)
      FROM charge_proofs p
      JOIN overage_charges c
        ON c.subscription_id = p.subscription_id AND c.meter_key = p.meter_key
       AND c.period_start = p.period_start AND c.billed_period_start = p.billed_period_start
     WHERE p.subscription_id = $1 AND p.meter_key = $2 AND p.period_start = $3 AND p.number < $4
     GROUP BY c.segment
     ORDER BY c.segment
)sql";

constexpr std::string_view kLinesWithoutCharge = R"sql(
    SELECT l.id, COALESCE(l.overage_charge_id, '')
      FROM invoice_lines l LEFT JOIN overage_charges c ON c.id = l.overage_charge_id
     WHERE l.invoice_id = $1 AND l.kind = 'overage' AND c.id IS NULL
     ORDER BY l.position
)sql";

/// Where a proof stands among all of them, and whose it is.
struct ProofPlace {
    Instant created_at;
    ProofName name;
    std::int64_t number = 0;
    CustomerId customer;
};

struct StoredLine {
    std::string id, amount;
};
struct StoredCharge {
    std::string id;
    OverageLine line;
    std::vector<StoredLine> on_invoices;
};
/// What the ledger says of one proof.
struct StoredProof {
    ChargeProof proof;
    std::vector<StoredCharge> charges;
    std::map<std::size_t, std::pair<std::int64_t, std::int64_t>> charged_before;
};

std::vector<ProofPlace> places_from(const std::vector<sql::Row>& rows) {
    std::vector<ProofPlace> places;
    for (const auto& row : rows)
        places.push_back({row.instant(0),
                          {row.id<SubscriptionId>(1), row.text(2), row.instant(3), row.instant(5)},
                          row.integer(4),
                          row.id<CustomerId>(6)});
    return places;
}

StoredProof load_stored(sql::Transaction& tx, const ProofPlace& place) {
    const ProofName& name = place.name;
    StoredProof stored{find_proof(tx, name).value(), {}, {}};
    for (const auto& row : tx.all(kProvenCharges, {name.subscription, name.meter_key,
                                                   name.period_start, name.billed_period_start})) {
        const auto currency = parse_currency(row.text(5)).value();
        if (stored.charges.empty() || stored.charges.back().id != row.text(0))
            stored.charges.push_back({row.text(0),
                                      {static_cast<std::size_t>(row.integer(1)), row.quantity(2),
                                       row.unit_price(3), Money(row.integer(4), currency)},
                                      {}});
        if (!row.is_null(6))
            stored.charges.back().on_invoices.push_back(
                {row.text(6), Money(row.integer(7), parse_currency(row.text(8)).value()).text()});
    }
    for (const auto& row : tx.all(kChargedBefore, {name.subscription, name.meter_key,
                                                   name.period_start, stored.proof.number}))
        stored.charged_before[static_cast<std::size_t>(row.integer(0))] = {row.integer(1),
                                                                           row.integer(2)};
    return stored;
}

std::string line_text(const OverageLine& line) {
    return fmt::format("{}: {} at {} is {}", line.segment, line.quantity.text(),
                       line.unit_price.text(), line.amount.text());
}

std::string lines_text(const std::vector<OverageLine>& lines) {
    std::string text;
    for (const OverageLine& line : lines)
        text.append(text.empty() ? "" : "; ").append(line_text(line));
    return text;
}

/// Takes down what differs about one object.
class Comparison {
public:
    Comparison(std::string object, RecomputeReport& report)
        : object_(std::move(object)), report_(report) {}
    void expect(const char* field, const std::string& stored, const std::string& recomputed) {
        if (stored != recomputed)
            report_.differences.push_back({object_, field, stored, recomputed});
    }

private:
    std::string object_;
    RecomputeReport& report_;
};

std::string charged_text(const StoredProof& stored) {
    std::string text;
    for (const auto& [segment, sums] : stored.charged_before)
        text +=
            fmt::format("{}: {} millionths, {} minor units; ", segment, sums.first, sums.second);
    return text;
}
std::string charged_text(const std::vector<ProvenSegment>& segments) {
    std::string text;
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (const auto& charged = segments[i].charged)
            text += fmt::format("{}: {} millionths, {} minor units; ", i,
                                charged->quantity.scaled(), charged->amount.minor());
    return text;
}

void compare_proof(const StoredProof& stored, const TalliedHistory& found,
                   RecomputeReport& report) {
    const ChargeProof& proof = stored.proof;
    Comparison same(fmt::format("{} {} {}", proof.subscription.text(), proof.meter_key,
                                format_rfc3339(proof.period.start)),
                    report);
    same.expect("entries", std::to_string(proof.entries), std::to_string(found.history.entries));
    same.expect("digest", proof.digest, found.digest);
    auto segments = proof.segments;
    const auto used = found.tally.used(segments.size());
    for (std::size_t i = 0; i < segments.size(); ++i) segments[i].rated.used = used[i];
    same.expect("segments", text_of(proof.segments), text_of(segments));
    same.expect("charged_before", charged_text(segments), charged_text(stored));

    std::vector<OverageLine> kept;
    for (const StoredCharge& charge : stored.charges) kept.push_back(charge.line);
    const Currency currency = kept.empty() ? Currency::Usd : kept.front().amount.currency();
    const auto lines = lines_of(segments, currency);
    same.expect("lines", lines_text(kept), lines ? lines_text(*lines) : lines.error().message);
    for (const StoredCharge& charge : stored.charges)
        for (const StoredLine& line : charge.on_invoices)
            Comparison(line.id, report).expect("amount", line.amount, charge.line.amount.text());
}

asio::awaitable<Result<std::monostate>> recompute_one(sql::Database& db, UsageStore& usage,
                                                      const ProofPlace& place,
                                                      RecomputeReport& report) {
    const auto stored =
        co_await db.read([&](sql::Transaction& tx) { return load_stored(tx, place); });
    const ChargeProof& proof = stored.proof;
    HistoryQuery query{place.customer, proof.subscription, proof.meter_key, proof.period.start, 0,
                       proof.entries};
    const auto found = co_await tally_history(usage, std::move(query), proof.aggregation);
    if (!found) co_return failure(found);
    report.charges += static_cast<std::int64_t>(stored.charges.size());
    if (!*found) {
        report.differences.push_back({proof.subscription.text() + " " + proof.meter_key, "entries",
                                      std::to_string(proof.entries), "0"});
        co_return std::monostate{};
    }
    report.entries += static_cast<std::int64_t>((*found)->history.entries);
    compare_proof(stored, **found, report);
    co_return std::monostate{};
}

Result<std::vector<ProofPlace>> load_invoice_proofs(sql::Transaction& tx, const InvoiceId& invoice,
                                                    RecomputeReport& report) {
    const auto known = load_invoice(tx, invoice);
    if (!known) return failure(known);
    report.differences.clear();
    for (const auto& row : tx.all(kLinesWithoutCharge, {invoice}))
        report.differences.push_back({row.text(0), "charge", row.text(1), "there is none"});
    return places_from(tx.all(kOfInvoice, {invoice}));
}

}  // namespace

asio::awaitable<Result<RecomputeReport>> recompute(sql::Database& db, UsageStore& usage,
                                                   RecomputeOrder order,
                                                   const RecomputeProgress& progress) {
    RecomputeReport report;
    std::uint64_t all = 0, done = 0;
    ProofPlace last{order.since,
                    {SubscriptionId::trusted(""), "", Instant::min(), Instant::min()},
                    0,
                    CustomerId::trusted("")};
    if (!order.invoice)
        all = co_await db.read([&](sql::Transaction& tx) {
            return static_cast<std::uint64_t>(tx.one(kCountSince, {order.since})->integer(0));
        });
    while (true) {
        const auto places =
            co_await db.read([&](sql::Transaction& tx) -> Result<std::vector<ProofPlace>> {
                if (order.invoice) return load_invoice_proofs(tx, *order.invoice, report);
                return places_from(
                    tx.all(kSince, {last.created_at, last.name.subscription, last.name.meter_key,
                                    last.name.period_start, last.number, kProofsPerPage}));
            });
        if (!places) co_return failure(places);
        for (const ProofPlace& place : *places) {
            const auto compared = co_await recompute_one(db, usage, place, report);
            if (!compared) co_return failure(compared);
            progress(++done, order.invoice ? places->size() : std::max(all, done));
        }
        if (order.invoice || places->size() < kProofsPerPage) co_return report;
        last = places->back();
    }
}

}  // namespace turnpike
