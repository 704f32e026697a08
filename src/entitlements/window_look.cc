#include "entitlements/window_look.h"

#include <optional>
#include <utility>

namespace turnpike {
namespace {

WindowLook look_of(CatalogCache& catalog, StandingCache& standings) {
    const auto find = [&catalog, &standings, ticket = standings.ticket()](
                          sql::Transaction& tx, std::string_view ref,
                          Instant system_now) -> Result<CustomerWindow> {
        auto standing = load_standing(tx, catalog, ref, system_now);
        if (!standing) return failure(standing);
        standings.seen(ticket, *standing);
        return customer_window(*std::move(standing));
    };
    const auto known = [&standings](std::string_view ref,
                                    Instant system_now) -> std::optional<CustomerWindow> {
        auto standing = standings.find_standing(ref, system_now);
        if (!standing) return std::nullopt;
        return customer_window(*std::move(standing));
    };
    return {find, known};
}

}  // namespace

BeginLook window_looks(CatalogCache& catalog, StandingCache& standings) {
    return [&catalog, &standings] { return look_of(catalog, standings); };
}

}  // namespace turnpike
