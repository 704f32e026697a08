#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/cursor.h"
#include "http/message.h"

namespace turnpike {

/// Rows of one page, and whether more follow.
template <class T>
struct Page {
    std::vector<T> items;
    bool has_more = false;
};

/// What a store fetched (PageQuery::fetch() rows at most) as a page.
template <class T>
Page<T> cut_page(std::vector<T> fetched, const PageQuery& query) {
    const auto limit = static_cast<std::size_t>(query.limit);
    Page<T> page{std::move(fetched), false};
    if (page.items.size() > limit) {
        page.items.erase(page.items.begin() + query.limit, page.items.end());
        page.has_more = true;
    }
    return page;
}

/// Reads limit (1 to 100), cursor, created_at[gte] and created_at[lt] (RFC 3339). A parameter that
/// is neither one of these nor among `filters` is an error: a filter that is silently ignored
/// answers with rows that nobody asked for.
///
/// \param listing  see CursorCodec
/// Errors: InvalidArgument "request.invalid_query" with fields; "access.cursor_invalid".
Result<PageQuery> read_page(const http::Request& request, const CursorCodec& codec,
                            std::string_view listing,
                            std::initializer_list<std::string_view> filters = {});

/// How many are asked for, from 1 to PageQuery::kLimitMax; nullopt for anything else.
std::optional<int> read_limit(std::string_view text);
inline constexpr std::string_view kLimitRule = "must be an integer from 1 to 100";

/// For a request that is no listing: a parameter that is not among `known`, or is given twice, is
/// an error. Errors: InvalidArgument "request.invalid_query" with fields.
Result<void> check_query(const http::Request& request,
                         std::initializer_list<std::string_view> known = {});

/// {"object":"list","data":[...],"has_more":...,"next_cursor":"..." or null}
///
/// \param last  the last row of the page when more follow
http::Response list_response(Json data, const CursorCodec& codec, std::string_view listing,
                             const std::optional<PageMark>& last);

}  // namespace turnpike
