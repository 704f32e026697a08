#include "entitlements/window_look.h"

#include <optional>
#include <utility>

#include "entitlements/past_window.h"

namespace turnpike {
namespace {

/// \param found  if not null, where whoever was found is kept
WindowLook look_of(CatalogCache& catalog, StandingCache& standings,
                   std::optional<Result<Standing>>* found) {
    const auto find = [&catalog, &standings, found, ticket = standings.ticket()](
                          sql::Transaction& tx, std::string_view ref,
                          Instant system_now) -> Result<CustomerWindow> {
        auto standing = load_standing(tx, catalog, ref, system_now);
        if (found != nullptr) *found = standing;
        if (!standing) return failure(standing);
        standings.seen(ticket, *standing);
        return customer_window(*std::move(standing));
    };
    const auto known = [&standings, found](std::string_view ref,
                                           Instant system_now) -> std::optional<CustomerWindow> {
        auto standing = standings.find_standing(ref, system_now);
        if (!standing) return std::nullopt;
        if (found != nullptr) *found = *standing;
        return customer_window(*std::move(standing));
    };
    return {find, known, past_look(catalog)};
}

}  // namespace

FindPastWindow past_look(CatalogCache& catalog) {
    return [&catalog](sql::Transaction& tx, const CustomerWindow& now, Instant moment) {
        return load_past_window(tx, catalog, now, moment);
    };
}

BeginLook window_looks(CatalogCache& catalog, StandingCache& standings) {
    return [&catalog, &standings] { return look_of(catalog, standings, nullptr); };
}

WindowLook window_look(CatalogCache& catalog, StandingCache& standings,
                       std::optional<Result<Standing>>& found) {
    return look_of(catalog, standings, &found);
}

}  // namespace turnpike
