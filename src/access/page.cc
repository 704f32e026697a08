#include "access/page.h"

#include <algorithm>

#include "base/decimal.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kLimit = "limit";
constexpr std::string_view kCursor = "cursor";
constexpr std::string_view kSince = "created_at[gte]";
constexpr std::string_view kUntil = "created_at[lt]";

/// The complaint about one parameter, if any; fills `page`.
std::optional<FieldError> read_parameter(PageQuery& page, const std::string& name,
                                         std::string_view value) {
    if (name == kLimit) {
        const auto limit = read_limit(value);
        if (!limit) return FieldError{name, "out_of_range", std::string(kLimitRule)};
        page.limit = *limit;
    }
    if (name == kSince || name == kUntil) {
        const auto moment = parse_rfc3339(value);
        if (!moment) return FieldError{name, "malformed", "must be an RFC 3339 time with a zone"};
        (name == kSince ? page.since : page.until) = *moment;
    }
    return std::nullopt;
}

using Names = std::vector<std::string_view>;

/// What is wrong with a parameter's name; remembers it in `seen`.
std::optional<FieldError> check_name(const std::string& name, bool known, Names& seen) {
    if (!known) return FieldError{name, "unknown_field", "is not known"};
    if (std::ranges::find(seen, name) != seen.end())
        return FieldError{name, "repeated", "is given more than once"};
    seen.push_back(name);
    return std::nullopt;
}

bool is_known(std::string_view name, std::initializer_list<std::string_view> filters) {
    return name == kLimit || name == kCursor || name == kSince || name == kUntil ||
           std::ranges::find(filters, name) != filters.end();
}

Error invalid_query(std::vector<FieldError> complaints) {
    Error error{ErrorCode::InvalidArgument, "request.invalid_query",
                complaints.front().pointer + ' ' + complaints.front().detail};
    error.fields = std::move(complaints);
    return error;
}

}  // namespace

std::optional<int> read_limit(std::string_view text) {
    const auto value = parse_scaled(text, 0);
    if (!value || *value < 1 || *value > PageQuery::kLimitMax) return std::nullopt;
    return static_cast<int>(*value);
}

Result<PageQuery> read_page(const http::Request& request, const CursorCodec& codec,
                            std::string_view listing,
                            std::initializer_list<std::string_view> filters) {
    PageQuery page;
    std::vector<FieldError> complaints;
    Names seen;
    for (const auto& [name, value] : request.query) {
        auto complaint = check_name(name, is_known(name, filters), seen);
        if (!complaint) complaint = read_parameter(page, name, value);
        if (complaint) complaints.push_back(*std::move(complaint));
    }
    if (!complaints.empty()) return std::unexpected(invalid_query(std::move(complaints)));

    if (const auto* cursor = request.query_value(kCursor)) {
        auto mark = codec.open(listing, *cursor);
        if (!mark) return failure(std::move(mark));
        page.after = *std::move(mark);
    }
    return page;
}

Result<void> check_query(const http::Request& request,
                         std::initializer_list<std::string_view> known) {
    std::vector<FieldError> complaints;
    Names seen;
    for (const auto& [name, value] : request.query) {
        const bool is_one = std::ranges::find(known, name) != known.end();
        if (auto complaint = check_name(name, is_one, seen))
            complaints.push_back(*std::move(complaint));
    }
    if (complaints.empty()) return {};
    return std::unexpected(invalid_query(std::move(complaints)));
}

http::Response list_response(Json data, const CursorCodec& codec, std::string_view listing,
                             const std::optional<PageMark>& last) {
    Json body;
    body["object"] = "list";
    body["data"] = std::move(data);
    body["has_more"] = last.has_value();
    body["next_cursor"] = last ? Json(codec.seal(listing, *last)) : Json();
    return http::ok(body);
}

}  // namespace turnpike
