#include "catalog/api.h"

#include <algorithm>

#include "catalog/wire.h"
#include "json/value.h"

namespace turnpike {

asio::awaitable<Result<http::Response>> CatalogApi::get_plans(const Principal&,
                                                              const http::Request&) {
    const auto now = catalog.get();
    Json body;
    body["object"] = "list";
    body["data"] = Json::array();
    for (const PlanVersion& plan : now->plans) body["data"].push_back(write_plan(plan));
    body["has_more"] = false;
    body["next_cursor"] = nullptr;
    co_return http::ok(body);
}

asio::awaitable<Result<http::Response>> CatalogApi::get_plan(const Principal&,
                                                             const http::Request& request) {
    const auto now = catalog.get();
    const std::string& wanted = request.path_value("plan");
    const PlanVersion* found = now->plan(wanted);
    for (const PlanVersion& plan : now->plans)
        if (found == nullptr && plan.plan.text() == wanted) found = &plan;
    if (found == nullptr)
        co_return not_found("catalog.no_such_plan", "no plan '" + wanted + "' is sold");
    co_return http::ok(write_plan(*found));
}

}  // namespace turnpike
