#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike {

/// How often one customer may use something: so often in a window, refilled evenly.
struct UseRate {
    std::int64_t count = 1;
    std::chrono::seconds window{60};
    friend bool operator==(const UseRate&, const UseRate&) = default;
};
inline constexpr std::int64_t kUseRateMax = 1'000'000;
/// "60/minute"
std::string to_text(const UseRate& rate);
/// Of "<1 to kUseRateMax>/<second, minute, hour or day>".
std::optional<UseRate> parse_use_rate(std::string_view text);

/// What a host puts before routes of its own: a request needs the feature, and may not come too
/// often. What it costs stands elsewhere (RouteCost). At least one of the two is there.
struct RouteGuard {
    std::string method;         ///< "*" or an HTTP method
    std::string pattern;        ///< as RouteCost has them
    std::string feature_key{};  ///< of the guard's catalog; "": none is needed
    std::optional<UseRate> rate_limit{};
    std::string catalog{};  ///< key of the catalog that states it
    friend bool operator==(const RouteGuard&, const RouteGuard&) = default;
};
/// "GET /lessons/{lesson}": what refusals call it by.
std::string guard_name(const RouteGuard& guard);

struct FeatureRate {
    std::string feature_key;
    UseRate rate_limit;
    std::string catalog{};  ///< key
    friend bool operator==(const FeatureRate&, const FeatureRate&) = default;
};

/// Everything that guards, of all catalogs. An immutable snapshot.
struct Guards {
    std::vector<RouteGuard> routes;  ///< by catalog and the rows of its file
    std::vector<FeatureRate> rates;

    /// The first row that matches; nullptr: nothing guards the route.
    [[nodiscard]] const RouteGuard* route(std::string_view method, std::string_view path) const;
    /// nullptr: it may be used as often as one likes.
    [[nodiscard]] const UseRate* rate(std::string_view catalog, std::string_view feature_key) const;
    friend bool operator==(const Guards&, const Guards&) = default;
};

}  // namespace turnpike
