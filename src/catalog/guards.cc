#include "catalog/guards.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "catalog/route_pattern.h"

namespace turnpike {
namespace {

using std::chrono::seconds;
constexpr auto kWindows = std::to_array<std::pair<std::string_view, seconds>>({
    {"second", seconds(1)},
    {"minute", seconds(60)},
    {"hour", seconds(3'600)},
    {"day", seconds(86'400)},
});

}  // namespace

std::string to_text(const UseRate& rate) {
    const auto window =
        std::ranges::find(kWindows, rate.window, &decltype(kWindows)::value_type::second);
    check(window != kWindows.end(), "a rate has one of the windows that there are");
    return std::to_string(rate.count) + "/" + std::string(window->first);
}

std::optional<UseRate> parse_use_rate(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || text.front() == '0') return std::nullopt;
    UseRate rate;
    const char* end = text.data() + slash;
    const auto read = std::from_chars(text.data(), end, rate.count);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    if (rate.count < 1 || rate.count > kUseRateMax) return std::nullopt;
    const auto window =
        std::ranges::find(kWindows, text.substr(slash + 1), &decltype(kWindows)::value_type::first);
    if (window == kWindows.end()) return std::nullopt;
    rate.window = window->second;
    return rate;
}

std::string guard_name(const RouteGuard& guard) { return guard.method + " " + guard.pattern; }

const RouteGuard* Guards::route(std::string_view method, std::string_view path) const {
    const auto found = std::ranges::find_if(routes, [&](const RouteGuard& row) {
        return (row.method == "*" || row.method == method) && route_matches(row.pattern, path);
    });
    return found == routes.end() ? nullptr : &*found;
}

const UseRate* Guards::rate(std::string_view catalog, std::string_view feature_key) const {
    const auto found = std::ranges::find_if(rates, [&](const FeatureRate& one) {
        return one.catalog == catalog && one.feature_key == feature_key;
    });
    return found == rates.end() ? nullptr : &found->rate_limit;
}

}  // namespace turnpike
