#include "metering/api.h"

#include <optional>
#include <string>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "access/page.h"
#include "json/value.h"
#include "metering/followed_event.h"
#include "metering/ingest.h"
#include "metering/lines_report.h"
#include "metering/wire.h"

namespace turnpike {
namespace {

constexpr int kRetryAfterSeconds = 5;

http::Response unsupported_type(const http::Request& request) {
    return http::plain_problem(
        415, "event.unsupported_type",
        "send application/cloudevents+json, application/cloudevents-batch+json, application/json, "
        "application/x-ndjson, or ce-* headers with a JSON body",
        request);
}

http::Response unsupported_coding(const http::Request& request) {
    auto response = http::plain_problem(
        415, "http.unsupported_coding",
        "Content-Encoding must be one of " + std::string(http::kContentCodings), request);
    response.headers.emplace_back("Accept-Encoding", http::kContentCodings);
    return response;
}

/// Recording failed behind the events that the report tells of.
Error interrupted(std::string_view why, ErrorCode code, const http::Request& request) {
    spdlog::error("event=ingest.interrupted request_id={} message=\"{}\"", request.request_id, why);
    Error error{code, "event.interrupted",
                "usage could not be recorded behind line lines_done; the lines up to it have their "
                "verdicts for good. Send all of them again: what is there already is a duplicate"};
    error.retry_after_s = kRetryAfterSeconds;
    return error;
}
Error interrupted(const sql::Failure& failure, const http::Request& request) {
    return interrupted(
        failure.what(),
        failure.outcome_unknown() ? ErrorCode::OutcomeUnknown : ErrorCode::Unavailable, request);
}

/// Events of one customer are a listing of their own, so that a cursor cannot cross.
std::string listing_of(const EventFilter& filter) {
    return "events " + (filter.customer ? filter.customer->text() : "*") + " " +
           filter.meter_key.value_or("*");
}

/// A source alone would be looked for in all that was ever recorded.
Result<std::optional<EventName>> read_name(const http::Request& request) {
    const std::string* source = request.query_value("source");
    const std::string* id = request.query_value("event_id");
    if (source == nullptr && id == nullptr) return std::nullopt;
    if (source != nullptr && id != nullptr) return EventName{*source, *id};
    Error error{ErrorCode::InvalidArgument, "request.invalid_query",
                "source and event_id name an event together"};
    error.fields.push_back({source == nullptr ? "source" : "event_id", "required", "is missing"});
    return std::unexpected(std::move(error));
}

std::unexpected<Error> no_such_event() {
    return not_found("event.not_found", "no recorded event has this id");
}

}  // namespace

asio::awaitable<Result<http::Response>> MeteringApi::post_events(const Principal&,
                                                                 const http::Request& request) {
    const EventMode mode = event_mode(request);
    if (mode == EventMode::Unsupported) co_return unsupported_type(request);
    const auto coding = http::content_coding(request);
    if (!coding) co_return unsupported_coding(request);
    if (mode == EventMode::Lines) co_return co_await post_lines(request, *coding);
    co_return co_await post_whole(request, mode, *coding);
}

asio::awaitable<Result<AppendReport>> MeteringApi::record(const std::vector<EventEntry>& entries) {
    const auto snapshot = catalog.get();
    const IngestJob job{entries, *snapshot, begin_look(), clock.now()};
    auto report = co_await usage.append(append_job(job));
    if (!report) co_return failure(report);
    for (const CustomerId& customer : report->moved) usage_moved(customer);
    for (const CustomerId& customer : report->corrected) usage_corrected(customer);
    co_return report;
}

asio::awaitable<Result<http::Response>> MeteringApi::post_whole(const http::Request& request,
                                                                EventMode mode,
                                                                http::ContentCoding coding) {
    Result<std::string> decoded;
    if (coding != http::ContentCoding::Identity)
        decoded = http::decoded_body(coding, request.body, kBodyDecodedMax);
    if (!decoded) co_return failure(decoded);
    const std::string& body = coding == http::ContentCoding::Identity ? request.body : *decoded;
    const auto batch = read_events(request, mode, body);
    if (!batch) co_return failure(batch);
    const auto report = co_await record(batch->entries);
    if (!report) co_return failure(report);
    co_return http::ok(write_report(*report));
}

asio::awaitable<http::Response> MeteringApi::post_lines(const http::Request& request,
                                                        http::ContentCoding coding) {
    EventLines lines(coding, request.body, kLinesDecodedMax);
    LinesReport report;
    while (!lines.at_end()) {
        if (const auto read = lines.read(); !read)
            co_return http::problem(read.error(), request, report.json());
        if (lines.entries().empty()) {
            // A body of empty lines must not keep this thread's other connections waiting.
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            continue;
        }
        std::optional<Error> failed;
        try {
            const auto chunk = co_await record(lines.entries());
            if (chunk)
                report.add(chunk->outcomes, lines.line_numbers());
            else
                failed = interrupted(chunk.error().message, chunk.error().code, request);
        } catch (const sql::Failure& failure) {
            failed = interrupted(failure, request);
        }
        if (failed) co_return http::problem(*failed, request, report.json());
    }
    co_return http::ok(report.json());
}

asio::awaitable<Result<http::Response>> MeteringApi::get_events(const Principal&,
                                                                const http::Request& request) {
    EventFilter filter;
    if (const std::string* meter = request.query_value("meter")) filter.meter_key = *meter;
    auto name = read_name(request);
    if (!name) co_return failure(name);
    filter.name = *std::move(name);
    if (const std::string* ref = request.query_value("customer")) {
        const auto look = begin_look();
        auto look_up = [&](sql::Transaction& tx) { return look.find(tx, *ref, clock.now()); };
        const auto window = co_await db.read(look_up);
        if (!window) co_return failure(window);
        filter.customer = window->customer;
    }
    const std::string listing = listing_of(filter);
    const auto query =
        read_page(request, cursors, listing, {"customer", "meter", "source", "event_id"});
    if (!query) co_return failure(query);
    filter.page = *query;

    auto fetched = co_await usage.list_events(filter);
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);
    Json data = Json::array();
    for (const RecordedEvent& event : page.items) data.push_back(write_event(event));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().received_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

asio::awaitable<Result<http::Response>> MeteringApi::get_event(const Principal& caller,
                                                               const http::Request& request) {
    const auto id = UsageEventId::parse(request.path_value("event"));
    if (!id) co_return no_such_event();
    const auto found = co_await usage.follow_event(*id);
    if (!found) co_return failure(found);
    if (!*found) co_return no_such_event();
    const FollowedEvent& followed = **found;
    const auto look = begin_look();
    auto write = [&](sql::Transaction& tx) -> Result<Json> {
        const auto window = look.find(tx, followed.recorded.event.customer.text(), clock.now());
        if (!window) return failure(window);
        if (!caller.has(Scope::BillingRead))
            return write_followed_event(followed, window->now, nullptr);
        const auto billing = find_billing(tx, followed, find_period_billing);
        return write_followed_event(followed, window->now, &billing);
    };
    const auto written = co_await db.read(write);
    if (!written) co_return failure(written);
    co_return http::ok(*written);
}

}  // namespace turnpike
