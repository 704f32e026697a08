#include "billing/routes/plans_api.h"

#include <utility>

#include "access/page.h"
#include "audit/authority.h"
#include "billing/plans/plans.h"
#include "catalog/named_catalog.h"
#include "catalog/plan_wire.h"
#include "catalog/wire.h"
#include "json/value.h"

namespace turnpike {
namespace {

Json list_of(Json data) {
    Json body;
    body["object"] = "list";
    body["data"] = std::move(data);
    body["has_more"] = false;
    body["next_cursor"] = nullptr;
    return body;
}

Result<bool> archived_asked(const http::Request& request) {
    const std::string* asked = request.query_value("archived");
    if (asked == nullptr || *asked == "false") return false;
    if (*asked == "true") return true;
    return invalid_argument("request.invalid_query", "archived is true or false");
}

}  // namespace

PlansApi::Answer PlansApi::get_plans(const Principal&, const http::Request& request) {
    const auto good = check_query(request, {"catalog", "archived"});
    if (!good) co_return failure(good);
    const auto now = billing.catalog.get();
    const auto wanted = catalog_asked(*now, request);
    if (!wanted) co_return failure(wanted);
    const auto archived = archived_asked(request);
    if (!archived) co_return failure(archived);
    Json data = Json::array();
    const auto add = [&](const std::vector<PlanVersion>& plans) {
        for (const PlanVersion& plan : plans)
            if (wanted->empty() || plan.catalog == *wanted) data.push_back(write_plan(plan));
    };
    add(now->plans);
    if (*archived) {
        const auto older = co_await billing.db.read(load_archived_plans);
        add(older);
    }
    co_return http::ok(list_of(std::move(data)));
}

PlansApi::Answer PlansApi::get_plan(const Principal&, const http::Request& request) {
    const std::string& ref = request.path_value("plan");
    const auto now = billing.catalog.get();
    if (const PlanVersion* sold = now->plan(ref)) co_return http::ok(write_plan(*sold));
    const auto plan =
        co_await billing.db.read([&](sql::Transaction& tx) { return find_plan(tx, ref); });
    if (!plan) co_return failure(plan);
    co_return http::ok(write_plan(*plan));
}

PlansApi::Answer PlansApi::get_versions(const Principal&, const http::Request& request) {
    const std::string& ref = request.path_value("plan");
    const auto versions =
        co_await billing.db.read([&](sql::Transaction& tx) { return load_plan_versions(tx, ref); });
    if (!versions) co_return failure(versions);
    Json data = Json::array();
    for (const PlanVersion& version : *versions) data.push_back(write_plan(version));
    co_return http::ok(list_of(std::move(data)));
}

PlansApi::Answer PlansApi::post_plan(const Principal& caller, const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    auto wanted = read_new_plan(*body);
    if (!wanted) co_return failure(wanted);
    Authority authority = authority_of(caller, request);
    const auto made = co_await sell_plan(billing, *std::move(wanted), std::move(authority));
    if (!made) co_return failure(made);
    co_return http::json_response(201, write_plan(*made));
}

PlansApi::Answer PlansApi::patch_plan(const Principal& caller, const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    auto patch = read_plan_patch(*body);
    if (!patch) co_return failure(patch);
    PlanChange change{request.path_value("plan"), *std::move(patch), authority_of(caller, request)};
    const auto changed = co_await sell_changed_plan(billing, std::move(change));
    if (!changed) co_return failure(changed);
    co_return http::ok(write_plan(*changed));
}

PlansApi::Answer PlansApi::delete_plan(const Principal& caller, const http::Request& request) {
    Authority authority = authority_of(caller, request);
    const auto archived =
        co_await stop_selling_plan(billing, request.path_value("plan"), std::move(authority));
    if (!archived) co_return failure(archived);
    co_return http::ok(write_plan(*archived));
}

PlansApi::Answer PlansApi::get_features(const Principal&, const http::Request& request) {
    const auto good = check_query(request, {"catalog"});
    if (!good) co_return failure(good);
    const auto now = billing.catalog.get();
    const auto wanted = catalog_asked(*now, request);
    if (!wanted) co_return failure(wanted);
    Json data = Json::array();
    for (const Feature& feature : now->features)
        if (wanted->empty() || feature.catalog == *wanted) data.push_back(write_feature(feature));
    for (const Meter& meter : now->meters)
        if (wanted->empty() || meter.catalog == *wanted) data.push_back(write_feature(meter));
    co_return http::ok(list_of(std::move(data)));
}

PlansApi::Answer PlansApi::post_feature(const Principal& caller, const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    auto wanted = read_new_feature(*body);
    if (!wanted) co_return failure(wanted);
    Authority authority = authority_of(caller, request);
    const auto made = co_await add_feature(billing, *std::move(wanted), std::move(authority));
    if (!made) co_return failure(made);
    co_return http::json_response(201, write_feature(*made));
}

}  // namespace turnpike
