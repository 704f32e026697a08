#include "audit/api.h"

#include "access/page.h"
#include "audit/audit.h"
#include "json/value.h"

namespace turnpike {
namespace {

Json write_audit_record(const AuditRecord& record) {
    const auto& entry = record.entry;
    Json json;
    json["id"] = record.id.text();
    json["object"] = "audit_event";
    json["created_at"] = format_rfc3339(entry.at);
    json["actor"] = entry.actor;
    json["action"] = entry.action;
    json["object_id"] = entry.object_id;
    json["customer"] = entry.customer.empty() ? Json() : Json(entry.customer);
    json["request_id"] = entry.request_id.empty() ? Json() : Json(entry.request_id);
    json["detail"] = entry.detail;
    return json;
}

}  // namespace

asio::awaitable<Result<std::optional<CustomerId>>> AuditApi::customer_asked(
    const http::Request& request) {
    const auto* ref = request.query_value("customer");
    if (ref == nullptr) co_return std::optional<CustomerId>();
    // An id is taken as it is: records outlive what they are about.
    if (auto id = CustomerId::parse(*ref)) co_return id;
    auto work = [&](sql::Transaction& tx) { return find_customer(tx, *ref); };
    auto found = co_await db.read(work);
    if (!found) co_return failure(std::move(found));
    co_return std::optional(*std::move(found));
}

asio::awaitable<Result<http::Response>> AuditApi::get_audit_events(const Principal& /*caller*/,
                                                                   const http::Request& request) {
    const auto customer = co_await customer_asked(request);
    if (!customer) co_return failure(customer);
    const std::string listing = "audit_events " + (*customer ? (*customer)->text() : "");
    const auto query = read_page(request, cursors, listing, {"customer"});
    if (!query) co_return failure(query);

    auto work = [&](sql::Transaction& tx) { return list_audit(tx, *customer, *query); };
    auto fetched = co_await db.read(work);
    const auto page = cut_page(std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& one : page.items) data.push_back(write_audit_record(one));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().entry.at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

}  // namespace turnpike
