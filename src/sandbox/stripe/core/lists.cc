#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/paging.h"

namespace turnpike::twin {
namespace {

constexpr std::int64_t kLimitMax = 100;
constexpr std::int64_t kChunk = 200;

/// Name in "No such customer: 'cus_X'".
std::string noun_of(std::string_view kind) {
    if (kind == "payment_method") return "PaymentMethod";
    return std::string(
        kind.substr(kind.find('.') == std::string_view::npos ? 0 : kind.find('.') + 1));
}

}  // namespace

Outcome<Page> read_page(Params& params) {
    Page page;
    if (const auto limit = params.integer("limit"))
        page.limit = std::clamp(*limit, std::int64_t{1}, kLimitMax);
    page.starting_after = params.text("starting_after").value_or("");
    page.ending_before = params.text("ending_before").value_or("");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return page;
}

std::optional<Refusal> cursor_problem(const Page& page, const std::string& noun,
                                      const std::function<bool(const std::string& id)>& is_there) {
    const auto missing = [&](const std::string& id) { return !id.empty() && !is_there(id); };
    if (missing(page.starting_after))
        return no_such_param(noun, page.starting_after, "starting_after");
    if (missing(page.ending_before))
        return no_such_param(noun, page.ending_before, "ending_before");
    if (page.starting_after.empty() || page.ending_before.empty()) return std::nullopt;
    return bad_param("", "",
                     "Received both starting_after and ending_before parameters. Please pass in "
                     "only one.");
}

Json list_body(std::string_view url, std::vector<Json> data, bool has_more) {
    return Json{{"object", "list"},
                {"data", std::move(data)},
                {"has_more", has_more},
                {"url", std::string(url)}};
}

Answer list_page(Operation& operation, std::string_view url, std::vector<Json> newest_first) {
    const auto page = read_page(operation.params);
    if (!page) return Refusal(page.error());

    const auto place_of = [&](const std::string& id) {
        return std::ranges::find_if(
            newest_first, [&](const Json& object) { return object.value("id", "") == id; });
    };
    const auto kind =
        newest_first.empty() ? "object" : newest_first.front().value("object", "object");
    const auto is_there = [&](const std::string& id) { return place_of(id) != newest_first.end(); };
    if (auto problem = cursor_problem(*page, noun_of(kind), is_there)) return *std::move(problem);

    auto first = newest_first.begin();
    auto last = newest_first.end();
    if (!page->cursor().empty()) {
        const auto at = place_of(page->cursor());
        if (page->goes_back()) {
            last = at;
        } else {
            first = at + 1;
        }
    }
    const bool has_more = last - first > page->limit;
    if (has_more && page->goes_back()) first = last - page->limit;
    if (has_more && !page->goes_back()) last = first + page->limit;
    return list_body(url, {first, last}, has_more);
}

Answer list_objects(Operation& operation, std::string_view kind, const ListFilter& filter,
                    const std::function<bool(const Json&)>& keep) {
    const auto page = read_page(operation.params);
    if (!page) return Refusal(page.error());

    const auto place_of = [&](const std::string& id) {
        return operation.ctx.sequence_of(kind, id);
    };
    const auto is_there = [&](const std::string& id) { return place_of(id).has_value(); };
    if (auto problem = cursor_problem(*page, noun_of(kind), is_there)) return *std::move(problem);

    Context::Slice slice{.limit = page->limit + 1};
    if (!page->cursor().empty()) slice.cursor = place_of(page->cursor());
    if (page->goes_back()) slice.order = Context::Slice::Order::OldestFirst;

    const auto wanted = static_cast<std::size_t>(page->limit) + 1;
    std::vector<Json> data;
    for (bool more = true; more && data.size() < wanted;) {
        auto chunk = operation.ctx.slice(kind, filter, slice);
        more = std::cmp_equal(chunk.size(), slice.limit);
        slice.limit = kChunk;  // a page of kept objects may be spread over many
        for (auto& numbered : chunk) {
            slice.cursor = numbered.sequence;
            if (data.size() < wanted && (!keep || keep(numbered.object)))
                data.push_back(std::move(numbered.object));
        }
    }
    const bool has_more = data.size() == wanted;
    if (has_more) data.pop_back();
    if (page->goes_back()) std::ranges::reverse(data);
    return list_body(operation.url, std::move(data), has_more);
}

TimeRange read_time_range(Params& params, std::string_view name) {
    constexpr auto kSecond = std::chrono::seconds(1);
    TimeRange wanted;
    if (!params.has(name)) return wanted;
    if (auto range = params.object_or_null(name)) {
        if (const auto t = range->timestamp("gt")) wanted.from = *t + kSecond;
        if (const auto t = range->timestamp("gte")) wanted.from = *t;
        if (const auto t = range->timestamp("lt")) wanted.before = *t;
        if (const auto t = range->timestamp("lte")) wanted.before = *t + kSecond;
        params.absorb(*range);
    } else if (const auto moment = params.timestamp(name)) {
        wanted = {moment, *moment + kSecond};
    }
    return wanted;
}

void read_created(Params& params, ListFilter& filter) {
    const auto created = read_time_range(params, "created");
    filter.created_from = created.from;
    filter.created_before = created.before;
}

}  // namespace turnpike::twin
