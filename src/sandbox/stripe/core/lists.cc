#include <algorithm>
#include <cstddef>
#include <cstdint>
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
    if (const auto limit = params.integer("limit")) {
        if (*limit < 1)
            params.complain(bad_param("limit", "parameter_invalid_integer",
                                      "This value must be greater than or equal to 1."));
        if (*limit > kLimitMax)
            params.complain(bad_param("limit", "parameter_invalid_integer",
                                      "This value must be less than or equal to 100 (it currently "
                                      "is '" +
                                          std::to_string(*limit) + "')."));
        page.limit = *limit;
    }
    page.starting_after = params.text("starting_after").value_or("");
    page.ending_before = params.text("ending_before").value_or("");
    if (!page.starting_after.empty() && !page.ending_before.empty())
        params.complain(bad_param("", "parameters_exclusive",
                                  "You may only specify one of these parameters: ending_before, "
                                  "starting_after."));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return page;
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

    auto first = newest_first.begin();
    auto last = newest_first.end();
    if (!page->cursor().empty()) {
        const auto at = std::ranges::find_if(newest_first, [&](const Json& object) {
            return object.value("id", "") == page->cursor();
        });
        if (at == last) {
            const auto kind =
                newest_first.empty() ? "object" : newest_first.front().value("object", "object");
            return no_such_param(noun_of(kind), page->cursor(), page->cursor_name());
        }
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

    Context::Slice slice{.limit = page->limit + 1};
    if (!page->cursor().empty()) {
        slice.cursor = operation.ctx.sequence_of(kind, page->cursor());
        if (!slice.cursor) return no_such_param(noun_of(kind), page->cursor(), page->cursor_name());
    }
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
