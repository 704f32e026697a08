#include "webhooks/endpoint_api.h"

#include "access/keyed_request.h"
#include "access/page.h"
#include "audit/authority.h"
#include "json/value.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_store.h"
#include "webhooks/endpoint_wire.h"

namespace turnpike {
namespace {

/// What may be left out altogether.
Result<Json> body_if_any(const http::Request& request) {
    if (request.body.empty()) return Json::object();
    return request.json();
}

http::Response with_secret(int status, const EndpointWithSecret& made) {
    Json json = write_endpoint(made.endpoint);
    if (!made.secret.empty()) json["secret"] = made.secret;
    auto response = http::json_response(status, json);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

Result<std::optional<DeliveryState>> read_state(const http::Request& request) {
    const auto* text = request.query_value("state");
    if (text == nullptr) return std::optional<DeliveryState>();
    const auto state = parse_delivery_state(*text);
    if (state) return state;
    Error error{ErrorCode::InvalidArgument, "webhook.invalid_query",
                "the query has a mistake in 'state'"};
    error.fields.push_back({"state", "invalid", "pending, delivered or failed"});
    return std::unexpected(std::move(error));
}

/// What was sent, as the receiver got it.
Json write_request(const ClaimedDelivery& sent) {
    Json request;
    request["url"] = sent.endpoint.target;
    request["webhook_id"] = sent.delivery.event.text();
    request["body"] = sent.body;
    return request;
}

}  // namespace

EndpointDesk EndpointsApi::desk_of(const Principal& caller, const http::Request& request) const {
    return {box, guard, sends_mail, authority_of(caller, request), clock.now(), ids};
}

Result<WebhookEndpoint> EndpointsApi::endpoint_of(sql::Transaction& tx,
                                                  const http::Request& request) const {
    // A text that is no id finds nothing, and says so in the same words.
    const auto id = WebhookEndpointId::parse(request.path_value("endpoint"));
    return find_endpoint(tx, which, id.value_or(WebhookEndpointId::trusted("")));
}

EndpointsApi::Answer EndpointsApi::get_all(const Principal& /*caller*/,
                                           const http::Request& request) {
    const std::string listing =
        which == EndpointsOf::Events ? "webhook_endpoints" : "alert_destinations";
    const auto query = read_page(request, cursors, listing);
    if (!query) co_return failure(query);
    auto load = [&](sql::Transaction& tx) { return list_endpoints(tx, which, *query); };
    auto fetched = co_await db.read(load);
    const auto page = cut_page(std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& one : page.items) data.push_back(write_endpoint(one));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().created_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

EndpointsApi::Answer EndpointsApi::post(const Principal& caller, const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto draft =
        which == EndpointsOf::Events ? read_endpoint_draft(*body) : read_destination_draft(*body);
    if (!draft) co_return failure(draft);
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto made = create_endpoint(tx, *draft, desk);
        if (!made) return failure(made);
        return keep_answer(tx, caller, with_secret(201, *made));
    };
    co_return co_await db.write(work);
}

EndpointsApi::Answer EndpointsApi::get_one(const Principal& /*caller*/,
                                           const http::Request& request) {
    auto work = [&](sql::Transaction& tx) { return endpoint_of(tx, request); };
    const auto endpoint = co_await db.read(work);
    if (!endpoint) co_return failure(endpoint);
    co_return http::ok(write_endpoint(*endpoint));
}

EndpointsApi::Answer EndpointsApi::patch(const Principal& caller, const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<WebhookEndpoint> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto patch = read_endpoint_patch(*body, endpoint->kind);
        if (!patch) return failure(patch);
        return change_endpoint(tx, *endpoint, *patch, desk);
    };
    const auto changed = co_await db.write(work);
    if (!changed) co_return failure(changed);
    co_return http::ok(write_endpoint(*changed));
}

EndpointsApi::Answer EndpointsApi::remove(const Principal& caller, const http::Request& request) {
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<std::monostate> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        return remove_endpoint(tx, *endpoint, desk);
    };
    const auto gone = co_await db.write(work);
    if (!gone) co_return failure(gone);
    co_return http::Response{.status = 204, .headers = {}, .body = {}};
}

EndpointsApi::Answer EndpointsApi::post_enable(const Principal& caller,
                                               const http::Request& request) {
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto enabled = enable_endpoint(tx, *endpoint, desk);
        if (!enabled) return failure(enabled);
        return keep_answer(tx, caller, http::ok(write_endpoint(*enabled)));
    };
    auto answer = co_await db.write(work);
    if (answer) wake();
    co_return answer;
}

EndpointsApi::Answer EndpointsApi::post_disable(const Principal& caller,
                                                const http::Request& request) {
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto disabled = disable_endpoint(tx, *endpoint, desk);
        if (!disabled) return failure(disabled);
        return keep_answer(tx, caller, http::ok(write_endpoint(*disabled)));
    };
    co_return co_await db.write(work);
}

EndpointsApi::Answer EndpointsApi::post_rotate(const Principal& caller,
                                               const http::Request& request) {
    const auto body = body_if_any(request);
    if (!body) co_return failure(body);
    const auto overlap = read_rotation(*body);
    if (!overlap) co_return failure(overlap);
    const auto desk = desk_of(caller, request);
    // Rotated twice, and the second secret told to nobody: the receiver could verify nothing.
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto rotated = rotate_secret(tx, *endpoint, *overlap, desk);
        if (!rotated) return failure(rotated);
        return keep_answer(tx, caller, with_secret(200, *rotated));
    };
    co_return co_await db.write(work);
}

EndpointsApi::Answer EndpointsApi::post_test(const Principal& caller,
                                             const http::Request& request) {
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto delivery = send_test(tx, *endpoint, desk);
        if (!delivery) return failure(delivery);
        return keep_answer(tx, caller, http::json_response(202, write_delivery(*delivery)));
    };
    auto answer = co_await db.write(work);
    if (answer) wake();
    co_return answer;
}

EndpointsApi::Answer EndpointsApi::post_replay(const Principal& caller,
                                               const http::Request& request) {
    const auto body = request.json();
    if (!body) co_return failure(body);
    const auto desk = desk_of(caller, request);
    const auto replay = read_replay(*body, desk.now);
    if (!replay) co_return failure(replay);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto waiting = replay_range(tx, *endpoint, replay->range, replay->what, desk);
        if (!waiting) return failure(waiting);
        const Json json{{"object", "replay"}, {"deliveries", *waiting}};
        return keep_answer(tx, caller, http::json_response(202, json));
    };
    auto answer = co_await db.write(work);
    if (answer) wake();
    co_return answer;
}

EndpointsApi::Answer EndpointsApi::get_deliveries(const Principal& /*caller*/,
                                                  const http::Request& request) {
    const auto state = read_state(request);
    if (!state) co_return failure(state);
    const std::string listing = "deliveries " + request.path_value("endpoint");
    const auto query = read_page(request, cursors, listing, {"state"});
    if (!query) co_return failure(query);
    auto work = [&](sql::Transaction& tx) -> Result<std::vector<WebhookDelivery>> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        return list_deliveries(tx, endpoint->id, *state, *query);
    };
    auto fetched = co_await db.read(work);
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);
    Json data = Json::array();
    for (const auto& one : page.items) data.push_back(write_delivery(one));
    std::optional<PageMark> last;
    if (page.has_more) last = mark_of(page.items.back());
    co_return list_response(std::move(data), cursors, listing, last);
}

EndpointsApi::Answer EndpointsApi::get_delivery(const Principal& /*caller*/,
                                                const http::Request& request) {
    const auto id = WebhookDeliveryId::parse(request.path_value("delivery"))
                        .value_or(WebhookDeliveryId::trusted(""));
    auto work = [&](sql::Transaction& tx) -> Result<Json> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto delivery = load_delivery(tx, endpoint->id, id);
        if (!delivery) return not_found("webhook.delivery_not_found", "there is no such delivery");
        Json json = write_delivery(*delivery);
        json["request"] =
            write_request({*delivery, *endpoint, load_event_body(tx, delivery->event)});
        Json tries = Json::array();
        for (const auto& attempt : load_attempts(tx, id)) tries.push_back(write_attempt(attempt));
        json["tries"] = std::move(tries);
        return json;
    };
    const auto json = co_await db.read(work);
    if (!json) co_return failure(json);
    co_return http::ok(*json);
}

EndpointsApi::Answer EndpointsApi::post_delivery_replay(const Principal& caller,
                                                        const http::Request& request) {
    const auto id = WebhookDeliveryId::parse(request.path_value("delivery"))
                        .value_or(WebhookDeliveryId::trusted(""));
    const auto desk = desk_of(caller, request);
    auto work = [&](sql::Transaction& tx) -> Result<http::Response> {
        const auto endpoint = endpoint_of(tx, request);
        if (!endpoint) return failure(endpoint);
        const auto delivery = replay_delivery(tx, *endpoint, id, desk);
        if (!delivery) return failure(delivery);
        return keep_answer(tx, caller, http::json_response(202, write_delivery(*delivery)));
    };
    auto answer = co_await db.write(work);
    if (answer) wake();
    co_return answer;
}

}  // namespace turnpike
