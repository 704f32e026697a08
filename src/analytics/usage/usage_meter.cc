#include "analytics/usage/usage_meter.h"

#include "base/check.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kMeter = "SELECT aggregation, group_by FROM meters WHERE key = $1";

}  // namespace

Result<std::monostate> require_sums(const std::string& meter_key, Meter::Aggregation aggregation) {
    const bool is_summed =
        aggregation == Meter::Aggregation::Sum || aggregation == Meter::Aggregation::Count;
    if (is_summed) return std::monostate{};
    return invalid_argument("usage_figures.not_summed", "figures of usage are sums, and '" +
                                                            meter_key + "' is counted by " +
                                                            std::string(to_text(aggregation)));
}

Result<SummedMeter> load_summed_meter(sql::Transaction& tx, const std::string& meter_key) {
    const auto row = tx.one(kMeter, {meter_key});
    if (!row)
        return not_found("usage_figures.no_such_meter", "there is no meter '" + meter_key + "'");
    const auto aggregation = parse_aggregation(row->text(0));
    const auto group_by = parse_json(row->text(1));
    check(aggregation && group_by, "the ledger holds only what we wrote");
    if (const auto summed = require_sums(meter_key, *aggregation); !summed) return failure(summed);
    return SummedMeter{group_by->get<std::vector<std::string>>()};
}

}  // namespace turnpike
