#include "billing/routes/plan_migration_api.h"

#include <algorithm>
#include <set>
#include <utility>

#include "access/keyed_request.h"
#include "access/page.h"
#include "audit/authority.h"
#include "billing/plans/plan_migration_cancel.h"
#include "billing/routes/plan_migration_wire.h"
#include "catalog/plan_service.h"
#include "catalog/wire.h"
#include "customers/service.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// What is asked, with the customers that it names.
Result<MigrationTerms> terms_of(sql::Transaction& tx, MigrationBody body) {
    for (const auto& ref : body.customers) {
        const auto customer = find_customer(tx, ref);
        if (!customer) return failure(customer);
        body.request.filter.customers.push_back(customer->id);
    }
    auto& customers = body.request.filter.customers;
    std::ranges::sort(customers);
    const auto twice = std::ranges::unique(customers);
    customers.erase(twice.begin(), twice.end());
    return migration_terms(tx, body.request);
}

Result<std::optional<PriceInPlan>> maybe_price(sql::Transaction& tx,
                                               const std::optional<PriceId>& id) {
    if (!id) return std::optional<PriceInPlan>();
    auto price = load_price(tx, *id);
    if (!price) return failure(price);
    return std::optional(*std::move(price));
}

Result<Json> write_groups(sql::Transaction& tx, const std::vector<MigrationGroup>& found) {
    Json groups = Json::array();
    for (const auto& group : found) {
        const auto from = load_price(tx, group.from_price);
        if (!from) return failure(from);
        const auto to = maybe_price(tx, group.to_price);
        if (!to) return failure(to);
        groups.push_back(write_migration_group({group, *from, *to}));
    }
    return groups;
}

/// Of each version that somebody in its scope runs on: what the target gives otherwise.
Result<Json> write_versions(sql::Transaction& tx, const MigrationTerms& terms,
                            const std::vector<MigrationGroup>& groups) {
    Json versions = Json::array();
    std::set<PlanVersionId> seen;
    for (const auto& group : groups) {
        if (!seen.insert(group.from_version).second) continue;
        const auto from = load_plan_version(tx, group.from_version);
        if (!from) return failure(from);
        versions.push_back(Json{{"plan_version", from->id.text()},
                                {"version_number", from->number},
                                {"changes", write_plan_changes(*from, terms.target)}});
    }
    return versions;
}

/// The rows of an answer, in the order of their subscriptions.
struct RowsPage {
    std::string listing;
    std::string after;
    int limit = 0;
};

Result<std::string> after_of(const CursorCodec& cursors, std::string_view listing,
                             const std::optional<std::string>& cursor) {
    if (!cursor) return std::string();
    const auto mark = cursors.open(listing, *cursor);
    if (!mark) return failure(mark);
    return mark->id;
}

/// "data", "has_more" and "next_cursor" of rows that may be one more than the page holds.
void put_rows(Json& answer, Json rows, const CursorCodec& cursors, const RowsPage& page) {
    const auto limit = static_cast<std::size_t>(page.limit);
    const bool has_more = rows.size() > limit;
    if (has_more) rows.erase(limit);
    answer["next_cursor"] = Json();
    if (has_more) {
        const auto last = rows.back()["subscription"].get<std::string>();
        answer["next_cursor"] = cursors.seal(page.listing, {Instant{}, last});
    }
    answer["has_more"] = has_more;
    answer["data"] = std::move(rows);
}

Result<Json> write_preview_of(sql::Transaction& tx, BillingContexts& billing,
                              const MigrationTerms& terms, const RowsPage& page) {
    const auto found = migration_groups(tx, terms.scope());
    auto groups = write_groups(tx, found);
    if (!groups) return groups;
    auto versions = write_versions(tx, terms, found);
    if (!versions) return versions;
    std::int64_t count = 0;
    for (const Json& group : *groups) count += group["subscriptions"].get<std::int64_t>();
    const auto steps = preview_migration(tx, billing, terms, page.after, page.limit + 1);
    if (!steps) return failure(steps);
    Json rows = Json::array();
    for (const auto& step : *steps) rows.push_back(write_previewed_step(step));
    return Json{{"object", "plan_migration_preview"},
                {"plan", terms.source.plan.text()},
                {"target_plan", terms.target.plan.text()},
                {"target_version", terms.target.id.text()},
                {"target_version_number", terms.target.number},
                {"when", to_text(terms.timing)},
                {"filter", write_filter(terms.filter)},
                {"subscriptions", count},
                {"prices", *std::move(groups)},
                {"versions", *std::move(versions)},
                {"data", std::move(rows)}};
}

Result<Json> write_with_progress(sql::Transaction& tx, const PlanMigration& migration) {
    const auto target = load_plan_version(tx, migration.target);
    if (!target) return failure(target);
    return write_migration(migration, *target, load_progress(tx, migration.id));
}

Result<Json> write_results(sql::Transaction& tx, const MigrationItemPage& page) {
    Json rows = Json::array();
    for (auto& item : list_items(tx, page)) {
        auto subscription = load_subscription(tx, item.step.subscription);
        if (!subscription) return failure(subscription);
        const auto from = load_price(tx, item.step.from_price);
        if (!from) return failure(from);
        const auto to = maybe_price(tx, item.step.to_price);
        if (!to) return failure(to);
        rows.push_back(
            write_migration_item({std::move(item), *std::move(subscription), *from, *to}));
    }
    return rows;
}

/// What GET /v1/plan_migrations asks for, and the name of that listing.
struct ListingAsked {
    MigrationListing what;
    std::string name;
};
Result<ListingAsked> read_listing(sql::Transaction& tx, const http::Request& request) {
    ListingAsked asked{{}, "plan_migrations"};
    if (const std::string* ref = request.query_value("plan")) {
        const auto plan = find_plan(tx, *ref);
        if (!plan) return failure(plan);
        asked.what.plan = plan->plan;
        asked.name += " of " + plan->plan.text();
    }
    if (const std::string* status = request.query_value("status")) {
        asked.what.state = parse_migration_state(*status);
        if (!asked.what.state)
            return invalid_argument("request.invalid_query", "status is running, done or canceled");
        asked.name += " " + *status;
    }
    return asked;
}

/// Of GET /v1/plan_migrations/{plan_migration}.
struct ResultsQuery {
    std::optional<MigrationItemState> state;
    int limit = PageQuery::kLimitDefault;
    std::optional<std::string> cursor;
};
Result<ResultsQuery> read_results_query(const http::Request& request) {
    const auto good = check_query(request, {"status", "limit", "cursor"});
    if (!good) return failure(good);
    ResultsQuery query;
    if (const std::string* status = request.query_value("status")) {
        query.state = parse_migration_item_state(*status);
        if (!query.state)
            return invalid_argument("request.invalid_query",
                                    "status is pending, begun, done, unchanged, refused, failed, "
                                    "canceled, taking_back or taken_back");
    }
    if (const std::string* text = request.query_value("limit")) {
        const auto limit = read_limit(*text);
        if (!limit)
            return invalid_argument("request.invalid_query", "limit " + std::string(kLimitRule));
        query.limit = *limit;
    }
    if (const std::string* cursor = request.query_value("cursor")) query.cursor = *cursor;
    return query;
}

}  // namespace

PlanMigrationApi::Answer PlanMigrationApi::post_preview(const Principal& /*caller*/,
                                                        const http::Request& request) {
    const auto body = read_migration(request, true);
    if (!body) co_return failure(body);
    const std::string listing = "plan_migration_preview " + body->request.plan;
    const auto after = after_of(cursors, listing, body->page.cursor);
    if (!after) co_return failure(after);
    const RowsPage page{listing, *after, body->page.limit};
    auto work = [&](sql::Transaction& tx) -> Result<Json> {
        const auto terms = terms_of(tx, *body);
        if (!terms) return failure(terms);
        return write_preview_of(tx, billing, *terms, page);
    };
    auto answer = co_await billing.db.read(work);
    if (!answer) co_return failure(answer);
    Json rows = std::move((*answer)["data"]);
    put_rows(*answer, std::move(rows), cursors, page);
    co_return http::ok(*answer);
}

PlanMigrationApi::Answer PlanMigrationApi::post_migrate(const Principal& caller,
                                                        const http::Request& request) {
    const auto body = read_migration(request, false);
    if (!body) co_return failure(body);
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto terms = terms_of(tx, *body);
        if (!terms) return failure(terms);
        const auto begun = begin_migration(tx, billing, *terms, authority);
        if (!begun) return failure(begun);
        const auto shown = write_with_progress(tx, *begun);
        if (!shown) return failure(shown);
        return keep_answer(tx, caller, http::json_response(202, *shown));
    };
    co_return co_await billing.db.write(work);
}

PlanMigrationApi::Answer PlanMigrationApi::get_migration(const Principal& /*caller*/,
                                                         const http::Request& request) {
    const auto id = PlanMigrationId::parse(request.path_value("plan_migration"));
    if (!id) co_return not_found("plan_migration.not_found", "there is no such migration");
    const auto query = read_results_query(request);
    if (!query) co_return failure(query);
    const std::string listing = "plan_migration " + id->text();
    const auto after = after_of(cursors, listing, query->cursor);
    if (!after) co_return failure(after);
    auto work = [&](sql::Transaction& tx) -> Result<Json> {
        const auto migration = load_migration(tx, *id);
        if (!migration) return failure(migration);
        auto shown = write_with_progress(tx, *migration);
        if (!shown) return shown;
        auto rows = write_results(tx, {*id, query->state, *after, query->limit + 1});
        if (!rows) return rows;
        put_rows(*shown, *std::move(rows), cursors, {listing, *after, query->limit});
        return shown;
    };
    const auto answer = co_await billing.db.read(work);
    if (!answer) co_return failure(answer);
    co_return http::ok(*answer);
}

PlanMigrationApi::Answer PlanMigrationApi::get_migrations(const Principal& /*caller*/,
                                                          const http::Request& request) {
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto asked = read_listing(tx, request);
        if (!asked) return failure(asked);
        const auto query = read_page(request, cursors, asked->name, {"plan", "status"});
        if (!query) return failure(query);
        const auto page = cut_page(list_migrations(tx, asked->what, *query), *query);
        Json data = Json::array();
        for (const auto& migration : page.items) {
            auto shown = write_with_progress(tx, migration);
            if (!shown) return failure(shown);
            data.push_back(*std::move(shown));
        }
        std::optional<PageMark> last;
        if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
        return list_response(std::move(data), cursors, asked->name, last);
    };
    co_return co_await billing.db.read(work);
}

PlanMigrationApi::Answer PlanMigrationApi::post_cancel(const Principal& caller,
                                                       const http::Request& request) {
    const auto id = PlanMigrationId::parse(request.path_value("plan_migration"));
    if (!id) co_return not_found("plan_migration.not_found", "there is no such migration");
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto canceled = cancel_migration(tx, billing, *id, authority);
        if (!canceled) return failure(canceled);
        const auto shown = write_with_progress(tx, *canceled);
        if (!shown) return failure(shown);
        return keep_answer(tx, caller, http::ok(*shown));
    };
    co_return co_await billing.db.write(work);
}

}  // namespace turnpike
