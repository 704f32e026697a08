#include "customers/api.h"

#include "access/keyed_request.h"
#include "access/page.h"
#include "audit/authority.h"
#include "customers/service.h"
#include "customers/wire.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kListing = "customers";

}  // namespace

asio::awaitable<Result<http::Response>> CustomersApi::get_customers(const Principal& /*caller*/,
                                                                    const http::Request& request) {
    const auto query = read_page(request, cursors, kListing);
    if (!query) co_return failure(query);

    auto work = [&](sql::Transaction& tx) { return list_customers(tx, *query); };
    auto fetched = co_await db.read(work);
    const auto page = cut_page(std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& customer : page.items) data.push_back(write_customer(customer));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, kListing, last);
}

asio::awaitable<Result<http::Response>> CustomersApi::post_customer(const Principal& caller,
                                                                    const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto draft = read_customer_draft(*body);
    if (!draft) co_return failure(draft);

    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto customer = create_customer(tx, *draft, authority, clock.now(), ids);
        if (!customer) return failure(customer);
        return keep_answer(tx, caller, http::json_response(201, write_customer(*customer)));
    };
    co_return co_await db.write(work);
}

asio::awaitable<Result<http::Response>> CustomersApi::get_customer(const Principal& caller,
                                                                   const http::Request& request) {
    const auto& ref = request.path_value("customer");
    auto work = [&](sql::Transaction& tx) { return find_visible_customer(tx, caller, ref); };
    const auto customer = co_await db.read(work);
    if (!customer) co_return failure(customer);
    co_return http::ok(write_customer(*customer));
}

asio::awaitable<Result<http::Response>> CustomersApi::patch_customer(const Principal& caller,
                                                                     const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    auto patch = read_customer_patch(*body);
    if (!patch) co_return failure(patch);

    const CustomerChange change{request.path_value("customer"), *std::move(patch),
                                authority_of(caller, request)};
    auto work = [&](sql::Transaction& tx) -> Result<Customer> {
        const auto visible = find_visible_customer(tx, caller, change.ref);
        if (!visible) return failure(visible);
        return change_customer(tx, change, clock.now(), ids);
    };
    const auto customer = co_await db.write(work);
    if (!customer) co_return failure(customer);
    co_return http::ok(write_customer(*customer));
}

}  // namespace turnpike
