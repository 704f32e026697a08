#include "billing/overage/overage_lines.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/minor_units.h"

namespace turnpike {
namespace {

// The other close is done: nothing of it will be billed any more.
constexpr std::string_view kTakeWaiting = R"sql(
    UPDATE overage_charges SET line_period_start = $2
     WHERE subscription_id = $1 AND line_charge_id = '' AND line_period_start <> $2
       AND currency = $3
       AND EXISTS (SELECT 1 FROM period_closes p
                    WHERE p.subscription_id = overage_charges.subscription_id
                      AND p.period_start = overage_charges.line_period_start
                      AND p.state = 'done')
)sql";
constexpr std::string_view kSetLine = R"sql(
    UPDATE overage_charges SET line_charge_id = $2 WHERE id = $1
)sql";
constexpr std::string_view kAmounts = R"sql(
    SELECT 1 FROM overage_charges
     WHERE subscription_id = $1 AND (line_charge_id = '' OR line_period_start = $2)
     LIMIT 1
)sql";

}  // namespace

std::vector<std::optional<std::size_t>> share_lines(std::span<const std::int64_t> amounts,
                                                    std::int64_t least) {
    std::vector<std::size_t> by_amount(amounts.size());
    std::iota(by_amount.begin(), by_amount.end(), std::size_t{0});
    std::ranges::sort(by_amount, {},
                      [&](std::size_t place) { return std::pair(amounts[place], place); });
    std::size_t together = 0;
    std::int64_t sum = 0;
    for (const std::size_t place : by_amount) {
        const bool is_needed = together > 0 && sum < least;
        if (amounts[place] >= least && !is_needed) break;
        sum += amounts[place];
        ++together;
    }
    std::vector<std::optional<std::size_t>> heads(amounts.size());
    for (std::size_t place = 0; place < amounts.size(); ++place) heads[place] = place;
    for (std::size_t i = 0; i < together; ++i)
        heads[by_amount[i]] = sum >= least ? std::optional(by_amount[together - 1]) : std::nullopt;
    return heads;
}

void plan_lines(sql::Transaction& tx, const PeriodClose& close, Currency currency,
                BillingTraits::LineAmount line_amount) {
    tx.run(kTakeWaiting, {close.subscription, close.period.start, to_text(currency)});
    const auto charges = load_charges(tx, close);
    std::vector<std::int64_t> amounts;
    amounts.reserve(charges.size());
    for (const auto& charge : charges) amounts.push_back(charge.amount.minor());
    const bool any = line_amount == BillingTraits::LineAmount::Any;
    const auto heads = share_lines(
        amounts, any ? std::numeric_limits<std::int64_t>::min() : minor_units(currency));
    for (std::size_t place = 0; place < charges.size(); ++place) {
        const auto& head = heads[place];
        const std::string line = head ? charges[*head].id.text() : std::string();
        if (line != charges[place].line) tx.run(kSetLine, {charges[place].id, line});
    }
}

bool has_amounts(sql::Transaction& tx, const PeriodClose& close) {
    return tx.one(kAmounts, {close.subscription, close.period.start}).has_value();
}

Money BilledLine::amount() const {
    Money sum = head().amount;
    for (std::size_t i = 1; i < charges.size(); ++i) sum = sum + charges[i]->amount;
    return sum;
}

std::string BilledLine::description() const {
    std::string text = describe(head());
    for (std::size_t i = 1; i < charges.size(); ++i) text += "; " + describe(*charges[i]);
    return text;
}

std::vector<BilledLine> lines_of(std::vector<OverageCharge>& charges) {
    std::vector<BilledLine> lines;
    for (auto& head : charges) {
        if (head.line != head.id.text()) continue;
        BilledLine line{{&head}};
        for (auto& charge : charges)
            if (&charge != &head && charge.line == head.line) line.charges.push_back(&charge);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace turnpike
