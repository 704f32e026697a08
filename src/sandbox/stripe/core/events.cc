#include "sandbox/stripe/core/events.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "sandbox/conditions.h"
#include "sandbox/deliveries.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/paging.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kTypesMax = 20;
constexpr std::size_t kChunk = 200;

constexpr std::string_view kInsert = R"sql(
    INSERT INTO events (account, id, seq, type, created, recorded_at, body)
    VALUES ($1, $2, (SELECT COALESCE(MAX(seq), 0) + 1 FROM events), $3, $4, $5, $6)
)sql";

constexpr std::string_view kNext = R"sql(
    SELECT seq, recorded_at FROM events WHERE seq > $1 ORDER BY seq LIMIT $2
)sql";

constexpr std::string_view kForget = R"sql(
    DELETE FROM events WHERE seq > $1 AND seq <= $2 AND recorded_at < $3
)sql";

constexpr std::string_view kLoad = R"sql(
    SELECT seq, body FROM events WHERE account = $1 AND id = $2 AND recorded_at >= $3
)sql";

// delivery_success: an event is undelivered while an endpoint has not had it by any delivery.
constexpr std::string_view kDelivered = R"sql(
    CASE WHEN EXISTS (
        SELECT 1 FROM deliveries
         WHERE deliveries.account = events.account AND deliveries.event = events.id
           AND deliveries.state <> 'delivered' AND NOT EXISTS (
                SELECT 1 FROM deliveries AS others
                 WHERE others.account = deliveries.account
                   AND others.event = deliveries.event
                   AND others.endpoint = deliveries.endpoint
                   AND others.state = 'delivered')) THEN 'false' ELSE 'true' END = )sql";

struct EventFilter {
    std::vector<std::string> types;
    ListFilter created;
    std::string delivery_success;  ///< "true" or "false"; "": either
};

Json event_body(Context& ctx, NewEvent event, const std::string& id) {
    const auto& request = ctx.request();
    Json data = roomy_object(2);
    data["object"] = std::move(event.object);
    if (!event.previous.is_null()) data["previous_attributes"] = std::move(event.previous);
    Json origin = roomy_object(2);
    origin["id"] = text_or_null(request.id);
    origin["idempotency_key"] = text_or_null(request.idempotency_key);

    Json body = roomy_object(9);
    body["id"] = id;
    body["object"] = "event";
    body["api_version"] = kApiVersion;
    body["created"] = unix_seconds(event.created);
    body["data"] = std::move(data);
    body["livemode"] = false;
    body["pending_webhooks"] = 0;
    body["request"] = std::move(origin);
    body["type"] = event.type;
    return body;
}

Json with_pending_count(Context& ctx, const std::string& body) {
    auto event = parse_json(body);
    check(event.has_value(), "the sandbox stores JSON");
    (*event)["pending_webhooks"] =
        count_pending(ctx.transaction(), ctx.account(), event->at("id").get<std::string>());
    return *std::move(event);
}

std::optional<sql::Row> load_event(Context& ctx, const std::string& id) {
    return ctx.transaction().one(kLoad, {ctx.account(), id, ctx.now() - kRetention});
}

EventFilter read_event_filter(Params& params) {
    EventFilter filter;
    filter.types = params.texts("types");
    if (filter.types.size() > kTypesMax)
        params.complain(bad_param("types", "", "You may only specify up to 20 event types."));
    if (const auto type = params.text("type")) {
        if (!filter.types.empty()) params.complain(only_one_of(params, "type", "types"));
        filter.types.push_back(*type);
    }
    read_created(params, filter.created);
    if (const auto delivered = params.boolean("delivery_success"))
        filter.delivery_success = *delivered ? "true" : "false";
    return filter;
}

/// At most kChunk events beyond `cursor`, from it on.
std::vector<sql::Row> load_events(Context& ctx, const EventFilter& filter, const Page& page,
                                  std::int64_t cursor) {
    Conditions all;
    all.add("account = ", ctx.account());
    all.add("recorded_at >= ", ctx.now() - kRetention);
    all.add(page.goes_back() ? "seq > " : "seq < ", cursor);
    if (const auto from = filter.created.created_from) all.add("created >= ", unix_seconds(*from));
    if (const auto before = filter.created.created_before)
        all.add("created < ", unix_seconds(*before));
    all.add_text(kDelivered, filter.delivery_success);
    return ctx.transaction().all("SELECT seq, type, body FROM events WHERE " + all.text() +
                                     " ORDER BY seq" + (page.goes_back() ? "" : " DESC") +
                                     " LIMIT " + std::to_string(kChunk),
                                 all.values());
}

bool matches(const EventFilter& filter, const std::string& type) {
    return filter.types.empty() || std::ranges::any_of(filter.types, [&](const auto& wanted) {
               return wants_event(wanted, type);
           });
}

Answer list_events(Operation& operation) {
    auto& ctx = operation.ctx;
    const auto filter = read_event_filter(operation.params);
    const auto page = read_page(operation.params);
    if (!page) return Refusal(page.error());

    const auto is_there = [&](const std::string& id) { return load_event(ctx, id).has_value(); };
    if (auto problem = cursor_problem(*page, "event", is_there)) return *std::move(problem);

    std::int64_t cursor = page->goes_back() ? 0 : std::numeric_limits<std::int64_t>::max();
    if (!page->cursor().empty()) cursor = load_event(ctx, page->cursor())->integer(0);
    const auto wanted = static_cast<std::size_t>(page->limit) + 1;
    std::vector<Json> data;
    for (bool more = true; more && data.size() < wanted;) {
        const auto rows = load_events(ctx, filter, *page, cursor);
        more = rows.size() == kChunk;
        for (const auto& row : rows) {
            cursor = row.integer(0);
            if (data.size() < wanted && matches(filter, row.text(1)))
                data.push_back(with_pending_count(ctx, row.text(2)));
        }
    }
    const bool has_more = data.size() == wanted;
    if (has_more) data.pop_back();
    if (page->goes_back()) std::ranges::reverse(data);
    return list_body(operation.url, std::move(data), has_more);
}

Answer get_event(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("event");
    auto event = find_event(operation.ctx, id);
    if (!event) return no_such_object("event", id);
    return *std::move(event);
}

constexpr auto kEventRoutes = std::to_array<OperationRoute>({
    {"GET", "/v1/events", list_events},
    {"GET", "/v1/events/{event}", get_event},
});

}  // namespace

bool wants_event(std::string_view wanted, std::string_view type) {
    const auto star = wanted.find('*');
    if (star == std::string_view::npos) return wanted == type;
    const auto tail = wanted.substr(star + 1);
    return type.size() >= star + tail.size() && type.starts_with(wanted.substr(0, star)) &&
           type.ends_with(tail);
}

void record_event(Context& ctx, NewEvent event) {
    const auto id = ctx.new_id("evt");
    const auto type = event.type;
    const auto created = unix_seconds(event.created);
    const Json body = event_body(ctx, std::move(event), id);
    ctx.transaction().run(kInsert, {ctx.account(), id, type, created, ctx.now(), to_text(body)});
    tell_of_event(ctx, body);
}

std::optional<Json> find_event(Context& ctx, const std::string& id) {
    const auto row = load_event(ctx, id);
    if (!row) return std::nullopt;
    return with_pending_count(ctx, row->text(1));
}

bool prune_events(sql::Transaction& tx, Instant now, PruneWalk& walk) {
    const auto before = now - kRetention;
    const auto end = next_step_end(tx, kNext, walk.events, before);
    if (!end) return false;
    tx.run(kForget, {walk.events, *end, before});
    walk.events = *end;
    return true;
}

const Feature& event_feature() {
    static constexpr Feature kFeature{.operations = kEventRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
