#include "sandbox/stripe/subscriptions/anchor.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "json/value.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {
namespace {

namespace chrono = std::chrono;

/// In a leap year, as the day may be one.
chrono::day longest_day(chrono::month month) {
    return chrono::year_month_day_last{chrono::year(2024) / month / chrono::last}.day();
}

std::optional<unsigned> read_part(Params& params, std::string_view name, std::int64_t least,
                                  std::int64_t most) {
    const auto value = params.integer(name);
    if (!value) return std::nullopt;
    if (*value >= least && *value <= most) return static_cast<unsigned>(*value);
    params.complain(
        bad_param(params.name_of(name), "parameter_invalid_integer",
                  *value < least
                      ? "This value must be greater than or equal to " + std::to_string(least) + "."
                      : "This value must be less than or equal to " + std::to_string(most) + "."));
    return std::nullopt;
}

Json number_or_null(std::optional<unsigned> number) { return number ? Json(*number) : Json(); }

}  // namespace

Instant next_anchor(const AnchorDay& wanted, Instant now) {
    const auto today = chrono::floor<chrono::days>(now);
    const chrono::year_month_day date{today};
    const chrono::hh_mm_ss time{chrono::floor<chrono::seconds>(now) - today};
    const auto at = chrono::hours(wanted.hour.value_or(unsigned(time.hours().count()))) +
                    chrono::minutes(wanted.minute.value_or(unsigned(time.minutes().count()))) +
                    chrono::seconds(wanted.second.value_or(unsigned(time.seconds().count())));
    for (chrono::year_month month = date.year() / date.month();; month += chrono::months(1)) {
        if (wanted.month && month.month() != chrono::month(*wanted.month)) continue;
        chrono::day day(wanted.day_of_month);
        if (wanted.month) day = std::min(day, longest_day(month.month()));
        const chrono::year_month_day found = month / day;
        if (!found.ok()) continue;
        const Instant moment = chrono::sys_days(found) + at;
        if (moment > now) return moment;
    }
}

std::optional<AnchorDay> read_anchor_day(Params& params) {
    auto config = params.object("billing_cycle_anchor_config");
    if (!config) return std::nullopt;
    AnchorDay wanted;
    const auto day = read_part(*config, "day_of_month", 1, 31);
    if (!config->has("day_of_month"))
        config->complain(missing_param(config->name_of("day_of_month")));
    wanted.day_of_month = day.value_or(1);
    wanted.month = read_part(*config, "month", 1, 12);
    wanted.hour = read_part(*config, "hour", 0, 23);
    wanted.minute = read_part(*config, "minute", 0, 59);
    wanted.second = read_part(*config, "second", 0, 59);
    params.absorb(*config);
    return wanted;
}

Json anchor_config(const AnchorDay& day) {
    Json config;
    config["day_of_month"] = day.day_of_month;
    config["hour"] = number_or_null(day.hour);
    config["minute"] = number_or_null(day.minute);
    config["month"] = number_or_null(day.month);
    config["second"] = number_or_null(day.second);
    return config;
}

}  // namespace turnpike::twin
