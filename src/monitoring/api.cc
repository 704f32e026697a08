#include "monitoring/api.h"

#include <charconv>

#include "access/page.h"
#include "catalog/named_catalog.h"
#include "customers/service.h"
#include "json/value.h"
#include "monitoring/health_facts.h"
#include "monitoring/risk.h"
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

std::string text_of(const http::Request& request, std::string_view name) {
    const std::string* given = request.query_value(name);
    return given == nullptr ? "" : *given;
}

Result<FindingQuery::State> read_state(const http::Request& request) {
    const std::string state = text_of(request, "state");
    if (state.empty() || state == "open") return FindingQuery::State::Open;
    if (state == "closed") return FindingQuery::State::Closed;
    if (state == "all") return FindingQuery::State::All;
    return invalid_argument("request.invalid_query", "state must be open, closed or all");
}

Result<std::optional<FindingKind>> read_kind(const http::Request& request) {
    const std::string text = text_of(request, "kind");
    if (text.empty()) return std::nullopt;
    const auto kind = parse_finding_kind(text);
    if (kind) return kind;
    std::string kinds;
    for (const FindingKind known : kFindingKinds) kinds.append(" ").append(to_text(known));
    return invalid_argument("request.invalid_query", "kind must be one of:" + kinds);
}

/// What a listing of findings is narrowed to, without its customer and its page.
Result<FindingQuery> read_finding_query(const Catalog& catalog, const http::Request& request) {
    auto sold_in = catalog_asked(catalog, request);
    if (!sold_in) return failure(sold_in);
    const auto kind = read_kind(request);
    if (!kind) return failure(kind);
    const auto state = read_state(request);
    if (!state) return failure(state);
    return FindingQuery{.kind = *kind,
                        .state = *state,
                        .catalog = *std::move(sold_in),
                        .subscription = text_of(request, "subscription")};
}

/// A cursor goes on in the listing that it was given for, and in no other.
std::string listing_of(const FindingQuery& query, const std::string& customer) {
    std::string listing = "findings";
    for (const std::string_view part :
         {query.kind ? to_text(*query.kind) : std::string_view(), std::string_view(query.catalog),
          std::string_view(query.subscription), std::string_view(customer)})
        listing.append(" ").append(part);
    return listing.append(" ").append(std::to_string(static_cast<int>(query.state)));
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
    const auto sold_in = catalog_asked(*catalog.get(), request);
    if (!sold_in) co_return failure(sold_in);
    const std::string listing = "expiring " + *sold_in;
    const auto page = read_page(request, cursors, listing, {"days", "catalog"});
    if (!page) co_return failure(page);
    const WatchQuery query{.catalog = *sold_in, .now = clock.now(), .page = *page};
    auto fetched =
        co_await db.read([&](sql::Transaction& tx) { return list_expiring(tx, query, *days); });
    co_return answer_page(cut_page(std::move(fetched), *page), write_expiring, cursors, listing);
}

MonitoringApi::Answer MonitoringApi::get_failing(const Principal& /*caller*/,
                                                 const http::Request& request) {
    const auto sold_in = catalog_asked(*catalog.get(), request);
    if (!sold_in) co_return failure(sold_in);
    const std::string listing = "failing " + *sold_in;
    const auto page = read_page(request, cursors, listing, {"catalog"});
    if (!page) co_return failure(page);
    const WatchQuery query{.catalog = *sold_in, .now = clock.now(), .page = *page};
    auto fetched = co_await db.read([&](sql::Transaction& tx) { return list_failing(tx, query); });
    co_return answer_page(cut_page(std::move(fetched), *page), write_failing, cursors, listing);
}

MonitoringApi::Answer MonitoringApi::get_monitor(const Principal& /*caller*/,
                                                 const http::Request& request) {
    const auto known = check_query(request, {"catalog"});
    if (!known) co_return failure(known);
    const auto sold_in = catalog_asked(*catalog.get(), request);
    if (!sold_in) co_return failure(sold_in);
    const Instant now = clock.now();
    auto look = [&](sql::Transaction& tx) {
        return MonitorState{.now = now,
                            .observed_at = monitor.observed_at(),
                            .open = count_open_findings(tx, *sold_in),
                            .at_risk = load_revenue_at_risk(tx, *sold_in, now),
                            .lags = monitor.lags(),
                            .late_after = monitor.late_after()};
    };
    const auto state = co_await db.read(std::move(look));
    co_return http::ok(write_monitor(state));
}

MonitoringApi::Answer MonitoringApi::get_findings(const Principal& /*caller*/,
                                                  const http::Request& request) {
    auto query = read_finding_query(*catalog.get(), request);
    if (!query) co_return failure(query);
    const std::string customer_ref = text_of(request, "customer");
    const std::string listing = listing_of(*query, customer_ref);
    const auto page = read_page(request, cursors, listing,
                                {"kind", "state", "catalog", "subscription", "customer"});
    if (!page) co_return failure(page);
    query->page = *page;
    auto look = [&](sql::Transaction& tx) -> Result<std::vector<Finding>> {
        if (!customer_ref.empty()) {
            const auto customer = find_customer(tx, customer_ref);
            if (!customer) return failure(customer);
            query->customer = customer->id.text();
        }
        return list_findings(tx, *query);
    };
    auto fetched = co_await db.read(std::move(look));
    if (!fetched) co_return failure(fetched);
    co_return answer_page(cut_page(*std::move(fetched), *page), write_finding, cursors, listing);
}

MonitoringApi::Answer MonitoringApi::get_health(const Principal& /*caller*/,
                                                const http::Request& request) {
    // A text that is no id finds nothing, and says so in the same words.
    const auto id = SubscriptionId::parse(request.path_value("subscription"))
                        .value_or(SubscriptionId::trusted(""));
    auto look = [&](sql::Transaction& tx) {
        return load_health_signals(tx, {usage, catalog}, id, clock.now());
    };
    const auto signals = co_await db.read(std::move(look));
    if (!signals) co_return failure(signals);
    co_return http::ok(write_health(id, *signals, score_health(*signals)));
}

}  // namespace turnpike
