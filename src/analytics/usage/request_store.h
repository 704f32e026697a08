#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "analytics/usage/rollup_store.h"
#include "analytics/usage/usage_figures.h"
#include "sql/sql.h"

namespace turnpike {

/// What requests are counted apart by.
struct RequestKey {
    std::string customer;  ///< id; "": the sum of all requests
    std::string route;     ///< as the catalog names it, or kOtherRoute
    Instant hour;
    friend auto operator<=>(const RequestKey&, const RequestKey&) = default;
};
using RequestRollups = std::map<RequestKey, RequestFigures>;
/// Everything that no route of the catalog matches: however many paths there are, routes are few.
inline constexpr const char* kOtherRoute = "other";

/// Adds to the hours and their days. Customers that there are not are left out.
/// \return how many requests these were
std::int64_t add_requests(sql::Transaction& tx, const RequestRollups& rollups);

struct RequestQuery {
    std::string customer;  ///< "": the sum of all requests
    Period period;         ///< spans that begin in it
};
/// By span.
std::vector<RequestSpan> load_requests(sql::Transaction& tx, const RequestQuery& query,
                                       const std::string& route, RollupSpan span);
/// The whole of the period, by route.
std::map<std::string, RequestFigures> load_routes(sql::Transaction& tx, const RequestQuery& query,
                                                  RollupSpan span);

}  // namespace turnpike
