#include "webhooks/api.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "access/page.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr std::string_view kListing = "webhook_events";

std::unexpected<Error> bad_query(const char* name, std::string detail) {
    Error error{ErrorCode::InvalidArgument, "webhook.invalid_query",
                "the query has a mistake in '" + std::string(name) + "'"};
    error.fields.push_back({name, "invalid", std::move(detail)});
    return std::unexpected(std::move(error));
}

Result<int> read_limit(const std::string* text) {
    if (text == nullptr) return PageQuery::kLimitDefault;
    int limit = 0;
    const char* end = text->data() + text->size();
    const auto [rest, problem] = std::from_chars(text->data(), end, limit);
    if (problem != std::errc() || rest != end || limit < 1 || limit > PageQuery::kLimitMax)
        return bad_query("limit", "a whole number from 1 to 100");
    return limit;
}

struct Listing {
    InboxFilter filter;
    int limit = PageQuery::kLimitDefault;
};

Result<Listing> read_listing(const http::Request& request, const CursorCodec& cursors) {
    const auto known = check_query(request, {"state", "limit", "cursor"});
    if (!known) return failure(known);
    Listing listing;
    const auto limit = read_limit(request.query_value("limit"));
    if (!limit) return failure(limit);
    listing.limit = *limit;
    listing.filter.fetch = *limit + 1;
    if (const auto* state = request.query_value("state")) {
        listing.filter.state = parse_inbox_state(*state);
        if (!listing.filter.state) return bad_query("state", "pending, done or dead");
    }
    if (const auto* cursor = request.query_value("cursor")) {
        const auto mark = cursors.open(kListing, *cursor);
        if (!mark) return failure(mark);
        listing.filter.before = mark->id;
    }
    return listing;
}

Json write_event(const InboxEvent& event) {
    return Json{
        {"id", event.id.text()},
        {"object", "webhook_event"},
        {"provider", event.provider},
        {"provider_event_id", event.provider_event_id},
        {"type", event.type},
        {"state", to_text(event.state)},
        {"attempts", event.attempts},
        {"next_attempt_at",
         event.state == InboxState::Pending ? write_instant(event.next_attempt_at) : Json()},
        {"last_error", write_optional(event.last_error)},
        {"received_at", format_rfc3339(event.received_at)},
        {"applied_at", write_instant(event.applied_at)}};
}

}  // namespace

std::string_view provider_at(std::string_view path) {
    const auto* const known = std::ranges::find(kWebhookPaths, path, &WebhookPath::path);
    return known == kWebhookPaths.end() ? "" : known->provider;
}

asio::awaitable<Result<InboxPage>> read_inbox_page(sql::Database& db, const CursorCodec& cursors,
                                                   const http::Request& request,
                                                   Payloads payloads) {
    const auto listing = read_listing(request, cursors);
    if (!listing) co_return failure(listing);
    auto load = [&](sql::Transaction& tx) {
        return list_inbox_events(tx, listing->filter, payloads);
    };
    InboxPage page{co_await db.read(std::move(load)), std::nullopt};
    if (page.events.size() <= static_cast<std::size_t>(listing->limit)) co_return page;
    page.events.pop_back();
    const InboxEvent& last = page.events.back();
    page.next_cursor = cursors.seal(kListing, {last.received_at, last.id.text()});
    co_return page;
}

asio::awaitable<Result<http::Response>> get_webhook_events(sql::Database& db,
                                                           const CursorCodec& cursors,
                                                           const http::Request& request) {
    const auto page = co_await read_inbox_page(db, cursors, request, Payloads::Omit);
    if (!page) co_return failure(page);
    Json data = Json::array();
    for (const auto& event : page->events) data.push_back(write_event(event));
    co_return http::ok(Json{{"object", "list"},
                            {"data", std::move(data)},
                            {"has_more", page->next_cursor.has_value()},
                            {"next_cursor", write_optional(page->next_cursor)}});
}

}  // namespace turnpike
