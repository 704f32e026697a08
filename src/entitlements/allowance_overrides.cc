#include "entitlements/allowance_overrides.h"

#include <algorithm>
#include <span>
#include <utility>

#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kNoEnd = "unlimited";

constexpr std::string_view kOfMeters = R"sql(
    SELECT o.feature_key, o.number, o.value, o.created_at, o.expires_at, o.removed_at
      FROM entitlement_overrides o
      JOIN customers c ON c.id = o.customer_id
      JOIN meters m ON m.key = o.feature_key AND m.catalog = c.catalog
     WHERE o.customer_id = $1 )sql";

AllowanceOverride override_from(const sql::Row& row) {
    return {.meter_key = row.text(0),
            .number = static_cast<std::uint32_t>(row.integer(1)),
            .given = known_word(parse_given_allowance(row.text(2))),
            .begins = row.instant(3),
            .expires_at = row.maybe_instant(4),
            .removed_at = row.maybe_instant(5)};
}

bool has_ended(const AllowanceOverride& one, Instant moment) {
    const auto end = one.ends_at();
    return end && *end <= moment;
}

void give(Allowance& allowance, const AllowanceOverride& one) {
    const auto& [limit, overage] = one.given;
    allowance.included = limit.value_or(kMaxQuantity);
    allowance.override_number = one.number;
    if (limit && !overage) return;
    allowance.overage = overage.value_or(OveragePolicy::Allow);
    allowance.overage_unit_price.reset();
    allowance.overage_cap.reset();
}

std::size_t main_of(std::span<const Allowance> windows) {
    const auto billed = std::ranges::find(windows, Reset{}, &Allowance::reset);
    return billed == windows.end() ? 0 : static_cast<std::size_t>(billed - windows.begin());
}

void give(PlanVersion& plan, const AllowanceOverride& one) {
    const auto windows = plan.allowances_of(one.meter_key);
    if (windows.empty()) {
        Allowance allowance{.meter_key = one.meter_key,
                            .included = {},
                            .overage = OveragePolicy::Block,
                            .overage_unit_price = std::nullopt};
        give(allowance, one);
        plan.allowances.push_back(std::move(allowance));
        return;
    }
    const auto first = static_cast<std::size_t>(windows.data() - plan.allowances.data());
    if (one.given.limit) return give(plan.allowances[first + main_of(windows)], one);
    for (std::size_t i = 0; i < windows.size(); ++i) give(plan.allowances[first + i], one);
}

}  // namespace

std::string to_text(const GivenAllowance& given) {
    if (!given.limit) return std::string(kNoEnd);
    std::string text = given.limit->text();
    if (given.overage) text.append(" ").append(to_text(*given.overage));
    return text;
}

std::optional<GivenAllowance> parse_given_allowance(std::string_view text) {
    if (text == kNoEnd) return GivenAllowance{};
    const auto space = text.find(' ');
    GivenAllowance given{Quantity::parse(text.substr(0, space))};
    if (!given.limit || *given.limit < Quantity{} || *given.limit > kMaxQuantity)
        return std::nullopt;
    if (space == std::string_view::npos) return given;
    given.overage = parse_overage_policy(text.substr(space + 1));
    if (!given.overage || *given.overage == OveragePolicy::Bill) return std::nullopt;
    return given;
}

std::optional<Instant> AllowanceOverride::ends_at() const {
    if (!expires_at || !removed_at) return expires_at ? expires_at : removed_at;
    return std::min(*expires_at, *removed_at);
}

std::vector<AllowanceOverride> load_allowance_overrides(sql::Transaction& tx,
                                                        const CustomerId& customer) {
    std::string sql(kOfMeters);
    std::vector<AllowanceOverride> all;
    for (const auto& row : tx.all(sql.append("ORDER BY 1, 2 DESC"), {customer}))
        all.push_back(override_from(row));
    return all;
}

std::optional<AllowanceOverride> find_allowance_override(sql::Transaction& tx,
                                                         const CustomerId& customer,
                                                         std::string_view meter_key,
                                                         std::uint32_t number) {
    std::string sql(kOfMeters);
    const auto row = tx.one(sql.append("AND o.feature_key = $2 AND o.number = $3"),
                            {customer, meter_key, static_cast<std::int64_t>(number)});
    if (!row) return std::nullopt;
    return override_from(*row);
}

std::vector<AllowanceOverride> in_force(const std::vector<AllowanceOverride>& all, Instant moment) {
    std::vector<AllowanceOverride> given;
    for (const AllowanceOverride& one : all) {
        const bool has_newer = !given.empty() && given.back().meter_key == one.meter_key;
        if (has_newer || one.begins > moment || has_ended(one, moment)) continue;
        given.push_back(one);
    }
    return given;
}

Period steady_around(const std::vector<AllowanceOverride>& all, Instant moment) {
    Period steady{Instant::min(), Instant::max()};
    const auto cut = [&](std::optional<Instant> change) {
        if (change && *change <= moment) steady.start = std::max(steady.start, *change);
        if (change && *change > moment) steady.end = std::min(steady.end, *change);
    };
    for (const AllowanceOverride& one : all) {
        cut(one.begins);
        cut(one.ends_at());
    }
    return steady;
}

std::int64_t changes_until(const std::vector<AllowanceOverride>& all, Instant moment) {
    std::int64_t changes = 0;
    for (const AllowanceOverride& one : all)
        if (one.begins <= moment) changes += has_ended(one, moment) ? 2 : 1;
    return changes;
}

std::shared_ptr<const PlanVersion> effective_plan(std::shared_ptr<const PlanVersion> plan,
                                                  const std::vector<AllowanceOverride>& given) {
    if (given.empty()) return plan;
    PlanVersion effective = *plan;
    for (const AllowanceOverride& one : given) give(effective, one);
    return std::make_shared<const PlanVersion>(std::move(effective));
}

const Allowance* main_allowance(const PlanVersion& plan, std::string_view meter_key) {
    const auto windows = plan.allowances_of(meter_key);
    return windows.empty() ? nullptr : &windows[main_of(windows)];
}

}  // namespace turnpike
