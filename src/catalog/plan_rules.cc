#include <algorithm>
#include <map>
#include <set>

#include "catalog/plan_service.h"

namespace turnpike {
namespace {

constexpr std::size_t kPricesMax = 100;
constexpr std::size_t kAllowancesMax = 200;
constexpr std::size_t kFeaturesMax = 500;
constexpr std::size_t kCountsMax = 64;  ///< what an event may move

/// Every complaint about one plan, each with where it is.
class PlanComplaints {
public:
    void add(std::string pointer, std::string code, std::string detail) {
        fields_.push_back({std::move(pointer), std::move(code), std::move(detail)});
    }
    Result<void> result() {
        if (fields_.empty()) return {};
        Error error{ErrorCode::InvalidArgument, "catalog.bad_plan", ""};
        for (const FieldError& field : fields_)
            error.message +=
                (error.message.empty() ? "" : "; ") + field.pointer + " " + field.detail;
        error.fields = std::move(fields_);
        return std::unexpected(std::move(error));
    }

private:
    std::vector<FieldError> fields_;
};

std::string at(const char* list, std::size_t index) {
    return "/" + std::string(list) + "/" + std::to_string(index);
}

void check_prices(const FilePlan& plan, PlanComplaints& complaints) {
    if (plan.prices.size() > kPricesMax)
        complaints.add("/prices", "too_many", "may be at most 100");
    if (plan.custom_price && !plan.prices.empty())
        complaints.add("/prices", "custom_price", "must be empty where the price is custom");
    if (plan.custom_price && plan.is_default)
        complaints.add("/custom_price", "custom_price", "cannot be that of the default plan");
    if (!plan.custom_price && plan.prices.empty())
        complaints.add("/prices", "required", "must be one at least, or custom_price true");
    std::set<std::tuple<Currency, Interval, int>> seen;
    for (std::size_t i = 0; i < plan.prices.size(); ++i) {
        const FilePrice& price = plan.prices[i];
        if (price.amount.minor() > kPriceMinorMax)
            complaints.add(at("prices", i) + "/amount", "out_of_range",
                           "must be at most 99999999: no provider charges more");
        if (!can_be_charged(price.amount))
            complaints.add(at("prices", i) + "/amount", "not_chargeable",
                           "must end with 0: the last of three decimals cannot be charged");
        const auto key =
            std::tuple(price.amount.currency(), price.recurrence.interval, price.recurrence.count);
        if (!seen.insert(key).second)
            complaints.add(at("prices", i), "duplicate",
                           "is of a currency and interval that has a price already");
    }
}

void check_allowance(const Allowance& allowance, const Meter& meter, const std::string& pointer,
                     PlanComplaints& complaints) {
    using enum Meter::Aggregation;
    const bool adds_up = meter.aggregation == Sum || meter.aggregation == Count;
    if (allowance.reset.kind == Reset::Kind::Rolling && !adds_up)
        complaints.add(pointer + "/reset", "rolling_needs_sum_or_count",
                       "needs a meter of sum or count");
}

void check_allowances(const Catalog& catalog, const std::string& catalog_key, const FilePlan& plan,
                      PlanComplaints& complaints) {
    if (plan.allowances.size() > kAllowancesMax)
        complaints.add("/allowances", "too_many", "may be at most 200");
    std::set<std::pair<std::string, std::string>> seen;
    std::map<std::string, std::size_t> counts;
    for (std::size_t i = 0; i < plan.allowances.size(); ++i) {
        const Allowance& allowance = plan.allowances[i];
        const std::string pointer = at("allowances", i);
        const Meter* meter = catalog.meter(allowance.meter_key);
        if (meter == nullptr || meter->catalog != catalog_key) {
            complaints.add(pointer + "/meter", "unknown_meter", "is no meter of this catalog");
            continue;
        }
        check_allowance(allowance, *meter, pointer, complaints);
        if (!seen.insert({allowance.meter_key, to_text(allowance.reset)}).second)
            complaints.add(pointer, "duplicate",
                           "is of a meter that has an allowance with this reset already");
        if (++counts[meter->event_type] == kCountsMax + 1)
            complaints.add(pointer, "too_many_counts",
                           "would let one event move more than 64 counters");
    }
}

void check_features(const Catalog& catalog, const std::string& catalog_key, const FilePlan& plan,
                    PlanComplaints& complaints) {
    if (plan.features.size() > kFeaturesMax)
        complaints.add("/features", "too_many", "may be at most 500");
    for (const PlanFeature& one : plan.features) {
        const Feature* feature = catalog.feature(catalog_key, one.key);
        const std::string pointer = "/features/" + one.key;
        if (feature == nullptr)
            complaints.add(pointer, "unknown_feature", "is no feature of this catalog");
        else if (absent_value(feature->kind).index() != one.value.index())
            complaints.add(
                pointer, "wrong_kind",
                "must be a value of a " + std::string(to_text(feature->kind)) + " feature");
    }
}

}  // namespace

Result<void> check_plan(const Catalog& catalog, const std::string& catalog_key,
                        const FilePlan& plan) {
    PlanComplaints complaints;
    check_prices(plan, complaints);
    check_allowances(catalog, catalog_key, plan, complaints);
    check_features(catalog, catalog_key, plan, complaints);
    return complaints.result();
}

}  // namespace turnpike
