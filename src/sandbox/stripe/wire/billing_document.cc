#include "sandbox/stripe/wire/billing_document.h"

#include <array>
#include <utility>

#include "base/decimal.h"
#include "json/value.h"
#include "sandbox/stripe/wire/params.h"

namespace turnpike::twin {

Json complete_list(std::string url, std::vector<Json> data) {
    Json list;
    list["object"] = "list";
    const std::size_t count = data.size();
    list["data"] = std::move(data);
    list["has_more"] = false;
    list["total_count"] = count;
    list["url"] = std::move(url);
    return list;
}

BillingInterval interval_of(const Json& price) {
    using Unit = BillingInterval::Unit;
    static constexpr std::array<std::pair<std::string_view, Unit>, 4> kUnits{
        {{"day", Unit::Day}, {"week", Unit::Week}, {"month", Unit::Month}, {"year", Unit::Year}}};
    const Json& recurring = part_of(price, "recurring");
    const std::string name = text_of(recurring, "interval");
    for (const auto& [text, unit] : kUnits)
        if (text == name) return {unit, static_cast<int>(integer_of(recurring, "interval_count"))};
    return {};
}

void merge_metadata(Json& object, const std::optional<Json>& change) {
    if (!change) return;
    if (!change->is_object()) {
        object["metadata"] = Json::object();
        return;
    }
    Json& metadata = object["metadata"];
    if (!metadata.is_object()) metadata = Json::object();
    for (const auto& [key, value] : change->items()) {
        if (value.is_string() && value.get_ref<const std::string&>().empty())
            metadata.erase(key);
        else
            metadata[key] = value;
    }
}

bool is_ended(const Json& subscription) {
    const std::string status = text_of(subscription, "status");
    return status == "canceled" || status == "incomplete_expired";
}

std::optional<std::int64_t> read_days_until_due(Params& params) {
    constexpr std::int64_t kDaysMax = 3'650;
    const auto days = params.integer("days_until_due");
    if (days && (*days < 0 || *days > kDaysMax))
        params.complain(bad_param("days_until_due", "parameter_invalid_integer",
                                  "Invalid days_until_due: must be from 0 to 3650."));
    return days;
}

std::int64_t minimum_charge(const std::string& currency) {
    // docs.stripe.com/currencies, "Minimum and maximum charge amounts".
    static constexpr std::array<std::pair<std::string_view, std::int64_t>, 24> kMinimums{{
        {"usd", 50},   {"eur", 50},  {"gbp", 30},    {"inr", 50},  {"jpy", 50},  {"aud", 50},
        {"cad", 50},   {"chf", 50},  {"sgd", 50},    {"brl", 50},  {"nzd", 50},  {"mxn", 1000},
        {"sek", 300},  {"nok", 300}, {"dkk", 250},   {"pln", 200}, {"aed", 200}, {"bgn", 100},
        {"czk", 1500}, {"hkd", 400}, {"huf", 17500}, {"myr", 200}, {"ron", 200}, {"thb", 1000},
    }};
    for (const auto& [code, minimum] : kMinimums)
        if (code == currency) return minimum;
    return 1;
}

}  // namespace turnpike::twin
