#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::int64_t kCountDefault = 10;
constexpr std::int64_t kCountMax = 100;
constexpr std::int64_t kSkipMax = 1'000'000'000;

bool is_id_of(std::string_view kind_and_body) {
    const auto underscore = kind_and_body.rfind('_');
    const auto body = kind_and_body.substr(underscore + 1);  // npos + 1 is 0
    return body.size() == 14 && std::ranges::all_of(body, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           });
}

/// Which part of a list is asked for; completes `filter`. Reads the last of the parameters.
Outcome<ObjectSlice> read_slice(Params& params, ListFilter& filter) {
    ObjectSlice slice;
    slice.limit = params.integer("count", 1, kCountMax).value_or(kCountDefault);
    slice.skip = params.integer("skip", 0, kSkipMax).value_or(0);
    filter.created_from = params.timestamp("from");
    if (const auto to = params.timestamp("to"))
        filter.created_before = *to + std::chrono::seconds(1);  // `to` itself belongs to the list
    params.lacks({"expand"});
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return slice;
}

}  // namespace

Outcome<Json> object_of_path(Operation& operation, std::string_view kind) {
    const auto& id = operation.path("id");
    if (!is_id_of(id)) return bad_request(id + " is not a valid id");
    auto object = operation.ctx.find(kind, id);
    if (!object) return no_such_id();
    return *std::move(object);
}

Json collection(std::vector<Json> items) {
    for (Json& item : items) item = visible(item);
    const std::size_t count = items.size();
    return Json{{"entity", "collection"}, {"count", count}, {"items", std::move(items)}};
}

Answer list_objects(Operation& operation, std::string_view kind, ListFilter filter) {
    const auto slice = read_slice(operation.params, filter);
    if (!slice) return Refusal(slice.error());
    return collection(operation.ctx.list(kind, filter, *slice));
}

Answer list_wanted(Operation& operation, std::string_view kind, const ListFilter& filter,
                   const Wanted& wanted) {
    ListFilter within = filter;
    const auto slice = read_slice(operation.params, within);
    if (!slice) return Refusal(slice.error());
    std::vector<Json> found;
    auto left_out = slice->skip;
    for (auto& object : operation.ctx.list(kind, within, {.limit = INT64_MAX})) {
        if (std::ssize(found) == slice->limit) break;
        if (wanted(object) && left_out-- <= 0) found.push_back(std::move(object));
    }
    return collection(std::move(found));
}

Json notes_of(Params& params) { return params.notes().value_or(Json::array()); }

}  // namespace turnpike::twin::razorpay
