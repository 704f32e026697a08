#include "app/ledger/charge_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "billing/life/period_close.h"
#include "metering/counter.h"
#include "rating/adjustment.h"
#include "rating/overage.h"

namespace turnpike {
namespace {

// The last column: the earliest close that is still to come looks back from there.
constexpr std::string_view kSubscriptions = R"sql(
    SELECT s.id, s.customer_id, r.currency,
           COALESCE((SELECT MIN(p.period_start) FROM period_closes p
                      WHERE p.subscription_id = s.id AND p.state = 'pending'),
                    s.ended_at, s.period_start)
      FROM subscriptions s JOIN prices r ON r.id = s.price_id
     WHERE EXISTS (SELECT 1 FROM period_closes p WHERE p.subscription_id = s.id)
        OR EXISTS (SELECT 1 FROM overage_charges c WHERE c.subscription_id = s.id)
     ORDER BY s.id
)sql";

constexpr std::string_view kClosed = R"sql(
    SELECT period_start FROM period_closes WHERE subscription_id = $1 AND state = 'done'
)sql";

constexpr std::string_view kCharges = R"sql(
    SELECT meter_key, period_start, segment, CAST(SUM(quantity) AS BIGINT), MAX(unit_price),
           CAST(SUM(amount_minor) AS BIGINT), MIN(id)
      FROM overage_charges
     WHERE subscription_id = $1
     GROUP BY meter_key, period_start, segment
     ORDER BY meter_key, period_start, segment
)sql";

struct Billed {
    std::string subscription, customer;
    Currency currency;
    Instant looks_after;  ///< closes to come look at periods that ended later
    std::set<Instant> closed;
};

/// Of one meter in one period.
struct Charged {
    std::vector<ChargedOverage> segments;
    std::string first;  ///< id of one of them
};
using MeterPeriod = std::pair<std::string, Instant>;
using Charges = std::map<MeterPeriod, Charged>;

std::vector<Billed> load_billed(sql::Transaction& tx) {
    std::vector<Billed> all;
    for (const auto& row : tx.all(kSubscriptions)) {
        Billed billed{row.text(0),
                      row.text(1),
                      parse_currency(row.text(2)).value_or(Currency::Usd),
                      row.instant(3) - kAdjustmentHorizon,
                      {}};
        for (const auto& close : tx.all(kClosed, {billed.subscription}))
            billed.closed.insert(close.instant(0));
        all.push_back(std::move(billed));
    }
    return all;
}

Charges load_charges(sql::Transaction& tx, const Billed& billed) {
    Charges charges;
    for (const auto& row : tx.all(kCharges, {billed.subscription})) {
        Charged& charged = charges[{row.text(0), row.instant(1)}];
        charged.segments.push_back({static_cast<std::size_t>(row.integer(2)), row.quantity(3),
                                    row.unit_price(4), Money(row.integer(5), billed.currency)});
        if (charged.first.empty()) charged.first = row.text(6);
    }
    return charges;
}

std::string named(const Billed& billed, const std::string& meter_key, Instant period_start) {
    return fmt::format("{}, {}, from {} us on", billed.subscription, meter_key,
                       unix_micros(period_start));
}

struct UsedCounter {
    const Counter& counter;
    bool may_have_fallen;
};

/// \param line  from what was charged to what is owed
void judge(const Billed& billed, const UsedCounter& used, const OverageLine& line,
           ChargeFindings& findings) {
    const Counter& counter = used.counter;
    const bool will_be_seen = counter.period.end > billed.looks_after;
    const bool is_less = line.quantity < Quantity{};
    const bool can_be = line.quantity > Quantity{} || (is_less && used.may_have_fallen);
    if (can_be && will_be_seen) {
        ++findings.to_adjust;
        return;
    }
    const std::string what = named(billed, counter.meter_key, counter.period.start);
    findings.problems.push_back(
        can_be ? fmt::format("{}: segment {} lacks charges for {} millionths, and no close will "
                             "look at it again",
                             what, line.segment, line.quantity.scaled())
               : fmt::format("{}: segment {} is charged for {} millionths and {} minor units more "
                             "than was used",
                             what, line.segment, -line.quantity.scaled(), -line.amount.minor()));
}

void check_counter(const Billed& billed, const UsedCounter& used, const Charged& charged,
                   ChargeFindings& findings) {
    const Counter& counter = used.counter;
    const auto owed = rate_overage(rated_segments(counter), billed.currency);
    if (!owed) {
        findings.problems.push_back(named(billed, counter.meter_key, counter.period.start) + ": " +
                                    owed.error().message);
        return;
    }
    for (const OverageLine& line : adjust_overage(*owed, charged.segments))
        judge(billed, used, line, findings);
}

void check_subscription(sql::Transaction& tx, const UsageState& usage, const Billed& billed,
                        ChargeFindings& findings) {
    Charges charges = load_charges(tx, billed);
    const ContractKey contract{billed.customer, billed.subscription};
    for (const Counter& counter : usage.counters_of(contract, Instant::min(), Instant::max())) {
        const auto known = charges.find({counter.meter_key, counter.period.start});
        const bool is_charged = known != charges.end();
        if (!is_charged && !billed.closed.contains(counter.period.start)) continue;
        const bool may_have_fallen =
            can_fall(rule_of(counter)) ||
            usage.is_corrected(contract, counter.meter_key, counter.period.start);
        check_counter(billed, {counter, may_have_fallen}, is_charged ? known->second : Charged{},
                      findings);
        if (is_charged) charges.erase(known);
    }
    for (const auto& [of, charged] : charges)
        findings.problems.push_back(fmt::format("{}: charge {} is for what was never used",
                                                named(billed, of.first, of.second), charged.first));
}

}  // namespace

ChargeFindings check_charges(sql::Transaction& tx, const UsageState& usage) {
    ChargeFindings findings;
    for (const Billed& billed : load_billed(tx)) check_subscription(tx, usage, billed, findings);
    return findings;
}

}  // namespace turnpike
