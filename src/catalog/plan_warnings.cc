#include "catalog/plan_warnings.h"

#include <algorithm>

#include <fmt/format.h>

namespace turnpike {
namespace {

constexpr std::string_view kSubscribersByMeter = R"sql(
    SELECT a.meter_key, COUNT(DISTINCT s.id)
      FROM subscriptions s
      JOIN allowances a ON a.plan_version_id = s.plan_version_id
      JOIN meters m ON m.key = a.meter_key
     WHERE s.ended_at IS NULL AND m.catalog = $1
     GROUP BY a.meter_key
     ORDER BY a.meter_key
)sql";

}  // namespace

std::vector<std::string> plan_warnings(sql::Transaction& tx, const CatalogFile& file) {
    std::vector<std::string> warnings;
    for (const auto& row : tx.all(kSubscribersByMeter, {file.catalog})) {
        const auto meter = row.text(0);
        if (std::ranges::find(file.meters, meter, &Meter::key) != file.meters.end()) continue;
        warnings.push_back(fmt::format(
            "meter {} is not in the file, and {} subscriptions still have it in their plan: their "
            "usage of it is refused; keep the meter until they are on another version",
            meter, row.integer(1)));
    }
    for (const FilePlan& plan : file.plans)
        for (const Allowance& allowance : plan.allowances)
            if (plan.is_default && allowance.overage == OveragePolicy::Bill)
                warnings.push_back(fmt::format(
                    "plan {} is the default and bills overage of {}: customers without a "
                    "subscription have no invoice, and are never charged for it",
                    plan.key, allowance.meter_key));
    return warnings;
}

}  // namespace turnpike
