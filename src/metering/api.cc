#include "metering/api.h"

#include "access/page.h"
#include "json/value.h"
#include "metering/cloud_event.h"
#include "metering/ingest.h"
#include "metering/wire.h"

namespace turnpike {
namespace {

http::Response unsupported(const http::Request& request) {
    return http::plain_problem(
        415, "event.unsupported_type",
        "send application/cloudevents+json, application/cloudevents-batch+json, application/json, "
        "or ce-* headers with a JSON body, without a Content-Encoding",
        request);
}

/// Events of one customer are a listing of their own, so that a cursor cannot cross.
std::string listing_of(const EventFilter& filter) {
    return "events " + (filter.customer ? filter.customer->text() : "*") + " " +
           filter.meter_key.value_or("*");
}

}  // namespace

asio::awaitable<Result<http::Response>> MeteringApi::post_events(const Principal&,
                                                                 const http::Request& request) {
    const EventMode mode = event_mode(request);
    if (mode == EventMode::Unsupported) co_return unsupported(request);
    const auto entries = read_events(request, mode);
    if (!entries) co_return failure(entries);

    const auto snapshot = catalog.get();
    auto work = [&](sql::Transaction& tx) {
        return ingest({*entries, *snapshot, find_window, clock.now()}, tx, ids);
    };
    const IngestReport report = co_await db.write(work);
    for (const CustomerId& customer : report.moved) usage_moved(customer);
    co_return http::ok(write_report(report));
}

asio::awaitable<Result<http::Response>> MeteringApi::get_events(const Principal&,
                                                                const http::Request& request) {
    EventFilter filter;
    if (const std::string* meter = request.query_value("meter")) filter.meter_key = *meter;
    if (const std::string* ref = request.query_value("customer")) {
        auto look_up = [&](sql::Transaction& tx) { return find_window(tx, *ref, clock.now()); };
        const auto window = co_await db.read(look_up);
        if (!window) co_return failure(window);
        filter.customer = window->customer;
    }
    const std::string listing = listing_of(filter);
    const auto query = read_page(request, cursors, listing, {"customer", "meter"});
    if (!query) co_return failure(query);
    filter.page = *query;

    auto work = [&](sql::Transaction& tx) { return list_events(tx, filter); };
    auto fetched = co_await db.read(work);
    const auto page = cut_page(std::move(fetched), *query);
    Json data = Json::array();
    for (const RecordedEvent& event : page.items) data.push_back(write_event(event));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().received_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

}  // namespace turnpike
