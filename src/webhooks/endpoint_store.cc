#include "webhooks/endpoint_store.h"

#include "base/check.h"
#include "json/value.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kColumns = R"sql(
    SELECT id, kind, target, description, events, disabled_reason, paused_until, sealed_secret,
           sealed_previous, previous_until, created_at, updated_at, version
      FROM webhook_endpoints
)sql";

std::string select(std::string_view rest) { return std::string(kColumns).append(rest); }

std::string_view state_of(EndpointStop stop) {
    return stop == EndpointStop::None ? "enabled" : "disabled";
}

/// NULL where nothing is sealed: what is there can be opened.
sql::Value sealed_or_null(const std::string& sealed) {
    return sealed.empty() ? sql::Value(nullptr) : sql::Value(sealed);
}

std::vector<std::string> read_events(const std::string& text) {
    const auto json = parse_json(text);
    check(json.has_value() && json->is_array(), "an endpoint's events are a JSON array");
    return json->get<std::vector<std::string>>();
}

WebhookEndpoint endpoint_from(const sql::Row& row) {
    return {.id = row.id<WebhookEndpointId>(0),
            .kind = known_word(parse_endpoint_kind(row.text(1))),
            .target = row.text(2),
            .description = row.text(3),
            .events = read_events(row.text(4)),
            .stop = known_word(parse_endpoint_stop(row.text(5))),
            .paused_until = row.instant(6),
            .sealed_secret = row.maybe_text(7).value_or(""),
            .sealed_previous = row.maybe_text(8).value_or(""),
            .previous_until = row.instant(9),
            .created_at = row.instant(10),
            .updated_at = row.instant(11),
            .version = row.integer(12)};
}

std::vector<WebhookEndpoint> endpoints_from(const std::vector<sql::Row>& rows) {
    std::vector<WebhookEndpoint> endpoints;
    endpoints.reserve(rows.size());
    for (const auto& row : rows) endpoints.push_back(endpoint_from(row));
    return endpoints;
}

}  // namespace

constexpr std::string_view kInsertEndpoint = R"sql(
    INSERT INTO webhook_endpoints (id, kind, target, description, events, state, disabled_reason,
                                   paused_until, sealed_secret, sealed_previous, previous_until,
                                   created_at, updated_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
)sql";

void insert_endpoint(sql::Transaction& tx, const WebhookEndpoint& e) {
    tx.run(kInsertEndpoint,
           {e.id, to_text(e.kind), e.target, e.description, to_text(Json(e.events)),
            state_of(e.stop), to_text(e.stop), e.paused_until, sealed_or_null(e.sealed_secret),
            sealed_or_null(e.sealed_previous), e.previous_until, e.created_at, e.updated_at,
            e.version});
}

constexpr std::string_view kSaveEndpoint = R"sql(
    UPDATE webhook_endpoints
       SET target = $3, description = $4, events = $5, state = $6, disabled_reason = $7,
           paused_until = $8, sealed_secret = $9, sealed_previous = $10, previous_until = $11,
           updated_at = $12, version = version + 1
     WHERE id = $1 AND version = $2
)sql";

bool save_endpoint(sql::Transaction& tx, const WebhookEndpoint& e, Instant now) {
    return tx.run(kSaveEndpoint, {e.id, e.version, e.target, e.description, to_text(Json(e.events)),
                                  state_of(e.stop), to_text(e.stop), e.paused_until,
                                  e.sealed_secret, e.sealed_previous, e.previous_until, now}) == 1;
}

constexpr std::string_view kDeleteAttempts = R"sql(
    DELETE FROM webhook_attempts
     WHERE delivery_id IN (SELECT id FROM webhook_deliveries WHERE endpoint_id = $1)
)sql";
constexpr std::string_view kDeleteDeliveries = R"sql(
    DELETE FROM webhook_deliveries WHERE endpoint_id = $1
)sql";
constexpr std::string_view kDeleteEndpoint = "DELETE FROM webhook_endpoints WHERE id = $1";

void delete_endpoint(sql::Transaction& tx, const WebhookEndpointId& id) {
    tx.run(kDeleteAttempts, {id});
    tx.run(kDeleteDeliveries, {id});
    tx.run(kDeleteEndpoint, {id});
}

std::optional<WebhookEndpoint> load_endpoint(sql::Transaction& tx, const WebhookEndpointId& id) {
    static const std::string kText = select("WHERE id = $1");
    const auto row = tx.one(kText, {id});
    if (!row) return std::nullopt;
    return endpoint_from(*row);
}

std::vector<WebhookEndpoint> enabled_endpoints(sql::Transaction& tx) {
    static const std::string kText = select("WHERE state = 'enabled' ORDER BY id");
    return endpoints_from(tx.all(kText));
}

std::int64_t count_endpoints(sql::Transaction& tx) {
    return tx.one("SELECT COUNT(*) FROM webhook_endpoints")->integer(0);
}

std::vector<WebhookEndpoint> list_endpoints(sql::Transaction& tx, EndpointsOf which,
                                            const PageQuery& page) {
    static const std::string kText = select(R"sql(
     WHERE (kind = 'endpoint') = ($1 = 'endpoint')
       AND created_at >= $2 AND created_at < $3 AND (created_at, id) < ($4, $5)
     ORDER BY created_at DESC, id DESC
     LIMIT $6
)sql");
    const auto* kinds = which == EndpointsOf::Events ? "endpoint" : "alert";
    return endpoints_from(
        tx.all(kText, {kinds, page.since, page.until, page.after.at, page.after.id, page.fetch()}));
}

constexpr std::string_view kPause = R"sql(
    UPDATE webhook_endpoints SET paused_until = $2 WHERE id = $1 AND paused_until < $2
)sql";

void pause_endpoint(sql::Transaction& tx, const WebhookEndpointId& id, Instant until) {
    tx.run(kPause, {id, until});
}

}  // namespace turnpike
