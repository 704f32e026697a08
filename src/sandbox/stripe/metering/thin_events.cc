#include "sandbox/stripe/metering/thin_events.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "sandbox/characters.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/metering/meters.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kThinEventKind = "v2.core.event";
constexpr auto kThinEventRetention = std::chrono::days(30);
constexpr auto kReportWindow = std::chrono::seconds(10);
constexpr std::size_t kSampleErrorsMax = 10;
constexpr std::size_t kWantedTypesMax = 20;
constexpr std::int64_t kThinPageMax = 100;
constexpr std::int64_t kThinPageDefault = 20;

using ProblemList = std::vector<const EventProblem*>;

Json error_type(const std::string& code, const ProblemList& problems) {
    Json samples = Json::array();
    for (const auto* problem : problems) {
        if (samples.size() == kSampleErrorsMax) break;
        samples.push_back({{"error_message", problem->message},
                           {"request", {{"identifier", problem->identifier}}}});
    }
    return Json{
        {"code", code}, {"error_count", problems.size()}, {"sample_errors", std::move(samples)}};
}

/// data of an event about these, which are not empty.
Json report_of(const ProblemList& problems, Instant now) {
    std::map<std::string, ProblemList> by_code;
    for (const auto* problem : problems) by_code[problem->code].push_back(problem);
    Json types = Json::array();
    for (const auto& [code, some] : by_code) types.push_back(error_type(code, some));
    const auto count = problems.size();
    const auto start = now - now.time_since_epoch() % kReportWindow;
    return Json{{"developer_message_summary",
                 count == 1 ? "There is 1 invalid event"
                            : "There are " + std::to_string(count) + " invalid events"},
                {"reason", {{"error_count", count}, {"error_types", std::move(types)}}},
                {"validation_end", v2_timestamp(start + kReportWindow)},
                {"validation_start", v2_timestamp(start)}};
}

void raise_report(Context& ctx, const std::string& meter, const ProblemList& problems) {
    const auto now = ctx.now();
    Json event{{"id", ctx.new_id("evt_test")},
               {"object", std::string(kThinEventKind)},
               {"created", unix_seconds(now)},
               {"_created", v2_timestamp(now)},
               {"_parent", meter},
               {"data", report_of(problems, now)},
               {"livemode", false},
               {"type", "v1.billing.meter.no_meter_found"}};
    if (!meter.empty()) {
        event["type"] = "v1.billing.meter.error_report_triggered";
        event["related_object"] = {{"id", meter},
                                   {"type", std::string(kMeterKind)},
                                   {"url", "/v1/billing/meters/" + meter}};
    }
    ctx.put(event);
}

/// Stored with Unix seconds, as rows want them; sent with a text.
Json shown_event(Json event) {
    event["created"] = event["_created"];
    return event;
}

/// A bound of created[]: RFC 3339, or Unix seconds.
std::optional<Instant> read_bound(Params& params, std::string_view name) {
    const auto text = params.text(name);
    if (!text) return std::nullopt;
    if (const auto moment = parse_rfc3339(*text)) return moment;
    return params.timestamp(name);
}

struct ThinEventQuery {
    ListFilter filter;
    std::vector<std::string> types;  ///< empty: all
    std::int64_t limit = kThinPageDefault;
    std::optional<std::int64_t> after;  ///< where the page before ended
};

void read_created_range(Params& params, ListFilter& filter) {
    auto range = params.object("created");
    if (!range) return;
    constexpr auto kSecond = std::chrono::seconds(1);
    if (const auto t = read_bound(*range, "gt")) filter.created_from = *t + kSecond;
    if (const auto t = read_bound(*range, "gte")) filter.created_from = *t;
    if (const auto t = read_bound(*range, "lt")) filter.created_before = *t;
    if (const auto t = read_bound(*range, "lte")) filter.created_before = *t + kSecond;
    params.absorb(*range);
}

std::optional<std::int64_t> read_cursor(Params& params) {
    const auto text = params.text("page");
    if (!text) return std::nullopt;
    const auto cursor = parse_integer(*text);
    if (!cursor) params.complain(bad_param("page", "", "Invalid page: " + *text));
    return cursor;
}

ThinEventQuery read_thin_event_query(Context& ctx, Params& params) {
    ThinEventQuery query;
    const Instant oldest = ctx.now() - kThinEventRetention;
    query.filter.parent = params.text("object_id").value_or("");
    read_created_range(params, query.filter);
    query.filter.created_from = std::max(query.filter.created_from.value_or(oldest), oldest);
    query.types = params.texts("types");
    if (query.types.size() > kWantedTypesMax)
        params.complain(bad_param("types", "", "You may only specify up to 20 event types."));
    query.limit = params.integer("limit").value_or(kThinPageDefault);
    if (query.limit < 1 || query.limit > kThinPageMax)
        params.complain(
            bad_param("limit", "parameter_invalid_integer", "This value must be from 1 to 100."));
    query.after = read_cursor(params);
    return query;
}

/// The same query, continued after this event's sequence number.
std::string next_page_url(const std::string& url, const ThinEventQuery& query, std::int64_t after) {
    std::string text = url + "?limit=" + std::to_string(query.limit);
    const auto& filter = query.filter;
    if (!filter.parent.empty()) text += "&object_id=" + filter.parent;
    if (filter.created_from)
        text += "&created[gte]=" + std::to_string(unix_seconds(*filter.created_from));
    if (filter.created_before)
        text += "&created[lt]=" + std::to_string(unix_seconds(*filter.created_before));
    for (const auto& type : query.types) text += "&types[]=" + type;
    return text + "&page=" + std::to_string(after);
}

Answer list_thin_events(Operation& operation) {
    const auto query = read_thin_event_query(operation.ctx, operation.params);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);

    Context::Slice slice{.cursor = query.after, .limit = kThinPageMax};
    const auto wanted = [&](const Json& event) {
        const auto& types = query.types;
        return types.empty() || std::ranges::find(types, text_of(event, "type")) != types.end();
    };
    Json data = Json::array();
    Json next;
    std::int64_t last = 0;
    for (bool more = true; more && next.is_null();) {
        const auto events = operation.ctx.slice(kThinEventKind, query.filter, slice);
        more = std::cmp_equal(events.size(), kThinPageMax);
        for (const auto& [sequence, event] : events) {
            slice.cursor = sequence;
            if (!wanted(event)) continue;
            if (std::cmp_equal(data.size(), query.limit)) {
                next = next_page_url(operation.url, query, last);
                break;
            }
            last = sequence;
            data.push_back(shown_event(event));
        }
    }
    return Json{{"data", std::move(data)}, {"next_page_url", next}, {"previous_page_url", nullptr}};
}

Answer get_thin_event(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("event");
    auto event = operation.ctx.find(kThinEventKind, id);
    const bool kept =
        event && *instant_of(*event, "created") >= operation.ctx.now() - kThinEventRetention;
    if (!kept) return no_such_object("event", id);
    return shown_event(*std::move(event));
}

constexpr auto kThinEventRoutes = std::to_array<OperationRoute>({
    {"GET", "/v2/core/events", list_thin_events},
    {"GET", "/v2/core/events/{event}", get_thin_event},
});

}  // namespace

std::string v2_timestamp(Instant moment) {
    const auto second = std::chrono::floor<std::chrono::seconds>(moment);
    const auto millis = std::chrono::floor<std::chrono::milliseconds>(moment - second).count();
    std::string text = format_rfc3339(second);
    text.pop_back();  // the Z
    return fmt::format("{}.{:03}Z", text, millis);
}

void report_problems(Context& ctx, const std::vector<EventProblem>& problems) {
    std::map<std::string, ProblemList> by_meter;
    for (const auto& problem : problems) by_meter[problem.meter].push_back(&problem);
    for (const auto& [meter, some] : by_meter) raise_report(ctx, meter, some);
}

const Feature& thin_event_feature() {
    static constexpr Feature kFeature{.operations = kThinEventRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
