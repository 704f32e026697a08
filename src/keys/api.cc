#include "keys/api.h"

#include "access/keyed_request.h"
#include "access/page.h"
#include "audit/authority.h"
#include "customers/service.h"
#include "json/value.h"
#include "keys/service.h"
#include "keys/wire.h"

namespace turnpike {

asio::awaitable<Result<http::Response>> KeysApi::post_api_key(const Principal& caller,
                                                              const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto wanted = read_key_request(*body);
    if (!wanted) co_return failure(wanted);

    const KeyGrant grant{caller, request.request_id, authenticator.mode()};
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto created = create_key(tx, *wanted, grant, clock.now(), ids);
        if (!created) return failure(created);
        Json json = write_key(created->key);
        json["secret"] = created->secret;
        auto response = http::json_response(201, json);
        response.headers.emplace_back("Cache-Control", "no-store");
        return keep_answer(tx, caller, std::move(response));
    };
    co_return co_await db.write(work);
}

asio::awaitable<Result<http::Response>> KeysApi::get_api_keys(const Principal& /*caller*/,
                                                              const http::Request& request) {
    const auto* ref = request.query_value("customer");
    const std::string listing = "api_keys " + (ref == nullptr ? "" : *ref);
    const auto query = read_page(request, cursors, listing, {"customer"});
    if (!query) co_return failure(query);

    auto work = [&](sql::Transaction& tx) -> Result<std::vector<ApiKey>> {
        if (ref == nullptr) return list_keys(tx, std::nullopt, *query);
        const auto customer = find_customer(tx, *ref);
        if (!customer) return failure(customer);
        return list_keys(tx, customer->id, *query);
    };
    auto fetched = co_await db.read(work);
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& key : page.items) data.push_back(write_key(key));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

asio::awaitable<Result<http::Response>> KeysApi::delete_api_key(const Principal& caller,
                                                                const http::Request& request) {
    // A text that is no id finds nothing, and says so in the same words.
    const auto parsed = ApiKeyId::parse(request.path_value("api_key"));
    const auto id = parsed.value_or(ApiKeyId::trusted(""));
    const Authority authority = authority_of(caller, request);
    auto work = [&](sql::Transaction& tx) {
        return revoke_key_by(tx, id, authority, clock.now(), ids);
    };
    const auto key = co_await db.write(work);
    if (!key) co_return failure(key);
    authenticator.forget_key(key->id);
    co_return http::ok(write_key(*key));
}

}  // namespace turnpike
