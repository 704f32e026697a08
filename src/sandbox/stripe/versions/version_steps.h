#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "sandbox/client_data.h"

/// Older shapes of Stripe's objects, made from today's by undoing what each API version changed.
/// Members that Stripe only ever added stay: additions are in no version's changes.
namespace turnpike::twin {

/// What one version changed about one kind of object, undone. What the new shape does not hold
/// comes in private members, which the step takes away: see relations.h.
struct VersionStep {
    std::string_view version;  ///< that made the change: "2025-03-31.basil"
    std::string_view kind;     ///< Stripe's "object"
    Json (*undo)(Json object);
};
/// Newest first.
std::span<const VersionStep> version_steps();

/// The last version to retire spellings of parameters.
inline constexpr std::string_view kClover = "2025-09-30.clover";

/// A member that a step consumes; null when it is not there.
Json taken(Json& object, const char* name);

/// True when `version` came before `other`; both begin with a date.
bool is_older(std::string_view version, std::string_view other);

/// `document` with each of its members or elements changed, but for what holds a client's own
/// names.
template <class Change>
Json with_parts(Json document, Change change) {
    if (document.is_array())
        for (Json& part : document) part = change(std::move(part));
    if (document.is_object())
        for (auto part = document.begin(); part != document.end(); ++part)
            if (!is_client_data(part.key())) part.value() = change(std::move(part.value()));
    return document;
}

/// Every object inside `document` in the shape of `version`. Events keep the shape that they were
/// made in.
Json undo_versions(Json document, std::string_view version);

/// The oldest version that a request may name; nobody recorded an older one.
inline constexpr std::string_view kOldestVersion = "2020-08-27";

/// The kind of an object inside `document` that looked otherwise in `version`, in a way that nobody
/// recorded; nullopt when there is none.
std::optional<std::string> unknown_kind(const Json& document, std::string_view version);

}  // namespace turnpike::twin
