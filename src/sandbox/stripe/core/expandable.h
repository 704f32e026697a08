#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A member that holds ids, and the kind of object behind them:
/// {"subscription", "latest_invoice", "invoice"}. `path` is inside an object of `kind`.
struct Expandable {
    std::string_view kind;
    std::string_view path;
    std::string_view target;
};

/// A member that is only there when expanded: an invoice's payments, a charge's refunds.
struct Includable {
    std::string_view kind;
    std::string_view member;
    /// Makes the member's value from the owner's document (visible, so ask ctx for private ones).
    Json (*make)(Context&, const Json& owner);
};

/// The target of the row that some feature has for this member; nullopt: not expandable.
std::optional<std::string_view> expandable_kind(std::string_view kind, std::string_view path);
/// The row that some feature has for this member; nullptr: always there.
const Includable* find_includable(std::string_view kind, std::string_view member);
/// All rows of a kind; most kinds have none.
std::span<const Includable* const> includables_of(std::string_view kind);

/// A whole list at `url`, for Includable::make.
Json included_list(std::string url, const std::vector<Json>& documents);

/// Includable::make for a member that the owner's stored document has and its visible form has not.
Json stored_member(Context& ctx, const Json& owner, std::string_view member);
template <std::size_t N>
struct MemberName {
    char text[N]{};
    consteval MemberName(const char (&literal)[N]) { std::copy_n(literal, N, text); }
};
template <MemberName Name>
Json stored_member(Context& ctx, const Json& owner) {
    return stored_member(ctx, owner, Name.text);
}

}  // namespace turnpike::twin
