#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "entitlements/standing.h"
#include "sql/sql.h"

namespace turnpike {

/// How many there are of what a capacity feature limits: members, projects.
struct CapacityState {
    bool allowed = false;  ///< what was asked for fits, and was taken if it was to be
    std::int64_t current_count = 0;
    std::optional<std::int64_t> limit;  ///< absent: without end

    /// Never negative: a smaller plan leaves what was there. Absent: without end.
    [[nodiscard]] std::optional<std::int64_t> remaining() const;
    friend bool operator==(const CapacityState&, const CapacityState&) = default;
};

// The count moves in the transaction of whoever makes or ends the things that it counts, so that it
// is right whatever happens to them. Whoever takes for the same customer at the same time is put in
// a row by the database: of 50 who want the last place, one gets it.

/// Takes `n` more (at least 1) where the customer's plan and overrides leave room for all of them;
/// otherwise nothing is taken, and the state says why.
///
/// Errors: NotFound "entitlement.no_such_feature"; InvalidArgument "entitlement.not_a_capacity".
Result<CapacityState> take_capacity(sql::Transaction& tx, const Standing& standing,
                                    std::string_view feature_key, std::int64_t n = 1);
/// `n` of them ended. It asks for no plan: what is gone is gone.
void give_back_capacity(sql::Transaction& tx, const CustomerId& customer,
                        std::string_view feature_key, std::int64_t n = 1);
/// How many there are now.
std::int64_t capacity_count(sql::Transaction& tx, const CustomerId& customer,
                            std::string_view feature_key);
/// What taking `n` would say now; nothing is taken. Errors: as above.
Result<CapacityState> capacity_of(sql::Transaction& tx, const Standing& standing,
                                  std::string_view feature_key, std::int64_t n = 1);

}  // namespace turnpike
