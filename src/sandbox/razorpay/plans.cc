#include "sandbox/razorpay/plans.h"

#include <array>

#include "base/check.h"
#include "sandbox/documents.h"
#include "sandbox/razorpay/calendar.h"

namespace turnpike::twin::razorpay {
namespace {

/// No cycle is longer than the hundred years that a subscription may last.
constexpr std::int64_t kIntervalMax = 36'500;
constexpr std::int64_t kDailyMin = 7;
constexpr std::int64_t kYearsMax = 100;

std::int64_t most_intervals(const std::string& period) {
    if (period == "daily") return kIntervalMax;
    if (period == "weekly") return kIntervalMax / 7;
    if (period == "monthly") return kYearsMax * 12;
    return period == "quarterly" ? kYearsMax * 4 : kYearsMax;
}

Answer create_plan(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto period =
        params.one_of("period", {"daily", "weekly", "monthly", "quarterly", "yearly"});
    if (!period) params.complain(bad_request("The period field is required.", "period"));
    const auto interval =
        params.required_integer("interval", 1, most_intervals(period.value_or("yearly")));
    if (period == "daily" && interval < kDailyMin)
        params.complain(
            bad_request("The minimum interval for daily plans should be 7.", "interval"));
    Json item = read_item(ctx, params, "plan", "");
    const Json notes = notes_of(params);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    Json plan{{"id", ctx.new_id("plan")},       {"entity", "plan"},
              {"interval", interval},           {"period", *period},
              {"item", std::move(item)},        {"notes", notes},
              {"created_at", ctx.now_seconds()}};
    ctx.put(plan);
    return plan;
}

Answer fetch_plan(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return object_of_path(operation, "plan");
}

Answer list_plans(Operation& operation) { return list_objects(operation, "plan", {}); }

constexpr auto kPlanRoutes = std::to_array<Route>({
    {"POST", "/v1/plans", create_plan},
    {"GET", "/v1/plans", list_plans},
    {"GET", "/v1/plans/{id}", fetch_plan},
});

}  // namespace

BillingInterval interval_of_plan(const Json& plan) {
    const auto interval =
        interval_of(text_of(plan, "period"), static_cast<int>(integer_of(plan, "interval")));
    check(interval.has_value(), "a plan has one of the periods");
    return *interval;
}

std::int64_t cycles_in_a_century(const Json& plan) {
    const auto interval = interval_of_plan(plan);
    using Unit = BillingInterval::Unit;
    switch (interval.unit) {
        case Unit::Day: return kIntervalMax / interval.count;
        case Unit::Week: return kIntervalMax / 7 / interval.count;
        case Unit::Month: return kYearsMax * 12 / interval.count;
        case Unit::Year: break;
    }
    return kYearsMax / interval.count;
}

std::int64_t unit_amount_of(const Json& plan) { return integer_of(plan.at("item"), "amount"); }

std::string currency_of(const Json& plan) { return text_of(plan.at("item"), "currency"); }

Json read_item(Context& ctx, Params& params, const std::string& type, const std::string& currency) {
    auto given = params.object("item");
    if (!given) {
        params.complain_of_absent("item");
        return {};
    }
    const auto name = given->required_text("name", 512);
    const auto description = given->text("description");
    const auto own_currency = given->required_currency("currency");
    const auto amount = given->required_amount("amount", own_currency);
    if (!currency.empty() && own_currency != currency)
        given->complain_at("currency", "The currency must be that of the plan: " + currency);
    given->lacks({"tax_inclusive", "hsn_code", "sac_code", "tax_rate", "unit", "tax_id",
                  "tax_group_id", "type", "active"});
    params.absorb(*given);
    return Json{{"id", ctx.new_id("item")},
                {"active", true},
                {"name", name},
                {"description", description ? Json(*description) : Json()},
                {"amount", amount},
                {"unit_amount", amount},
                {"currency", own_currency},
                {"type", type},
                {"unit", nullptr},
                {"tax_inclusive", false},
                {"hsn_code", nullptr},
                {"sac_code", nullptr},
                {"tax_rate", nullptr},
                {"tax_id", nullptr},
                {"tax_group_id", nullptr},
                {"created_at", ctx.now_seconds()},
                {"updated_at", ctx.now_seconds()}};
}

std::span<const Route> plan_routes() { return kPlanRoutes; }

}  // namespace turnpike::twin::razorpay
