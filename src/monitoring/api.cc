#include "monitoring/api.h"

#include <charconv>

#include "access/page.h"
#include "json/value.h"
#include "monitoring/watch_list.h"
#include "monitoring/wire.h"

namespace turnpike {
namespace {

constexpr int kDaysDefault = 7;
constexpr int kDaysMax = 366;
constexpr std::string_view kDaysRule = "must be a whole number from 1 to 366";

Result<std::chrono::days> read_days(const http::Request& request) {
    const std::string* given = request.query_value("days");
    if (given == nullptr) return std::chrono::days(kDaysDefault);
    int days = 0;
    const char* end = given->data() + given->size();
    const auto read = std::from_chars(given->data(), end, days);
    const bool is_good = read.ec == std::errc() && read.ptr == end && days >= 1 && days <= kDaysMax;
    if (is_good) return std::chrono::days(days);
    return invalid_argument("request.invalid_query", "days " + std::string(kDaysRule));
}

std::string catalog_of(const http::Request& request) {
    const std::string* given = request.query_value("catalog");
    return given == nullptr ? "" : *given;
}

template <class Row>
http::Response answer_page(const Page<Row>& page, Json (*write)(const Row&),
                           const CursorCodec& cursors, std::string_view listing) {
    Json data = Json::array();
    for (const Row& row : page.items) data.push_back(write(row));
    std::optional<PageMark> last;
    if (page.has_more) last = mark_of(page.items.back());
    return list_response(std::move(data), cursors, listing, last);
}

}  // namespace

MonitoringApi::Answer MonitoringApi::get_expiring(const Principal& /*caller*/,
                                                  const http::Request& request) {
    const auto days = read_days(request);
    if (!days) co_return failure(days);
    const std::string catalog = catalog_of(request);
    const std::string listing = "expiring " + catalog;
    const auto page = read_page(request, cursors, listing, {"days", "catalog"});
    if (!page) co_return failure(page);
    const WatchQuery query{.catalog = catalog, .now = clock.now(), .page = *page};
    auto fetched =
        co_await db.read([&](sql::Transaction& tx) { return list_expiring(tx, query, *days); });
    co_return answer_page(cut_page(std::move(fetched), *page), write_expiring, cursors, listing);
}

MonitoringApi::Answer MonitoringApi::get_failing(const Principal& /*caller*/,
                                                 const http::Request& request) {
    const std::string catalog = catalog_of(request);
    const std::string listing = "failing " + catalog;
    const auto page = read_page(request, cursors, listing, {"catalog"});
    if (!page) co_return failure(page);
    const WatchQuery query{.catalog = catalog, .now = clock.now(), .page = *page};
    auto fetched = co_await db.read([&](sql::Transaction& tx) { return list_failing(tx, query); });
    co_return answer_page(cut_page(std::move(fetched), *page), write_failing, cursors, listing);
}

}  // namespace turnpike
