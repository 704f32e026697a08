#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "entitlements/capacity.h"
#include "people/organization.h"
#include "sql/sql.h"

namespace turnpike {

/// What an organization counts: its members together with who is invited, and its projects that are
/// not archived. How many there may be is a capacity of its customer, where his catalog has such a
/// feature, and without end where it has none.
enum class Seats : bool { Users, Projects };
std::string_view feature_of_seats(Seats seats);  ///< "users", "projects"

/// How many there are, and, when there is no room, which plan has more.
struct SeatState {
    CapacityState capacity;
    struct RoomierPlan {
        std::string key;
        std::string name;
    };
    std::optional<RoomierPlan> upgrade{};
};

/// Takes one, when there is room; the caller then makes what takes it, in this transaction. Locks
/// the organization; invitations that are over give their seats back first.
Result<SeatState> take_seat(sql::Transaction& tx, CatalogCache& catalog,
                            const Organization& organization, Seats seats, Instant now);
/// `n` that were taken are free again: what took them is gone, or goes in this transaction.
void give_back_seats(sql::Transaction& tx, const Organization& organization, Seats seats,
                     std::int64_t n);
/// Whether there is room for one more; takes nothing.
Result<CapacityState> look_at_seats(sql::Transaction& tx, CatalogCache& catalog,
                                    const Organization& organization, Seats seats, Instant now);

}  // namespace turnpike
