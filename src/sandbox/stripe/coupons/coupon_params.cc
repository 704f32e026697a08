#include "sandbox/stripe/coupons/coupon_params.h"

#include <utility>

#include "base/decimal.h"
#include "base/letter_case.h"
#include "json/value.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/currencies.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

constexpr std::int64_t kYearsAhead = 5;
constexpr int kPercentPlaces = 4;
constexpr std::int64_t kOnePercent = 10'000;
constexpr std::int64_t kSmallestPercent = kOnePercent / 100;

/// As Ruby writes a float: "33.0", "33.33".
std::string percent_text(std::int64_t scaled) {
    auto text = format_scaled(scaled, kPercentPlaces);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
}

void check_currency_key(Params& params, const std::string& code) {
    const auto lower = lower_case(code);
    if (!is_stripe_currency(lower)) {
        params.complain(unknown_currency(params.name_of("currency_options"), code));
    } else if (lower != code) {
        params.complain(bad_param(params.name_of("currency_options"), "",
                                  "Currencies must be lowercase when used as keys in a map. Use `" +
                                      lower + "` instead of `" + code + "`."));
    }
}

}  // namespace

std::optional<std::int64_t> read_positive(Params& params, std::string_view name) {
    const auto number = params.integer(name);
    if (!number || *number >= 1) return number;
    params.complain(bad_param(params.name_of(name), "parameter_invalid_integer",
                              "This value must be greater than or equal to 1."));
    return std::nullopt;
}

std::optional<std::int64_t> read_positive_amount(Params& params, std::string_view name,
                                                 const std::string& currency) {
    const auto amount = read_positive(params, name);
    if (!amount || fits_amount(*amount)) return amount;
    params.complain(amount_too_large(params.name_of(name), currency));
    return std::nullopt;
}

std::optional<Instant> read_future(Params& params, std::string_view name, Instant now) {
    const auto moment = params.timestamp(name);
    if (!moment) return std::nullopt;
    if (*moment <= now) {
        params.complain(bad_param(params.name_of(name), "",
                                  "The parameter `" + std::string(name) +
                                      "` expects a unix timestamp representing a date and time in "
                                      "the future. You specified the value `" +
                                      std::to_string(unix_seconds(*moment)) +
                                      "` which is in the past."));
        return std::nullopt;
    }
    if (*moment > add_intervals(now, {BillingInterval::Unit::Year, 1}, kYearsAhead)) {
        params.complain(bad_param(params.name_of(name), "",
                                  "Invalid timestamp: can be no more than five years in the "
                                  "future."));
        return std::nullopt;
    }
    return moment;
}

std::optional<Json> read_percent(Params& params, std::string_view name) {
    const auto text = params.text(name);
    if (!text) return std::nullopt;
    const auto param = params.name_of(name);
    const auto scaled = parse_scaled(*text, kPercentPlaces);
    if (!scaled) {
        params.complain(bad_param(param, "", "Invalid decimal: " + *text));
    } else if (*scaled < kSmallestPercent) {
        params.complain(bad_param(param, "",
                                  "This value must be greater than or equal to 0.01 (it currently "
                                  "is '" +
                                      percent_text(*scaled) + "')."));
    } else if (*scaled > 100 * kOnePercent) {
        params.complain(bad_param(param, "",
                                  "This value must be less than or equal to 100 (it currently is "
                                  "'" +
                                      percent_text(*scaled) + "')."));
    } else if (*scaled % kOnePercent == 0) {
        return Json(*scaled / kOnePercent);
    } else if (auto number = parse_json(percent_text(*scaled))) {
        return *std::move(number);
    }
    return std::nullopt;
}

Json read_currency_options(Params& params, std::string_view member) {
    Json options = Json::object();
    for (auto& [code, option] : params.keyed_objects("currency_options")) {
        check_currency_key(params, code);
        const auto amount = read_positive_amount(option, member, code);
        if (amount) {
            options[code][std::string(member)] = *amount;
        } else {
            option.complain(missing_param(option.name_of(member)));
        }
        params.absorb(option);
    }
    return options;
}

}  // namespace turnpike::twin
