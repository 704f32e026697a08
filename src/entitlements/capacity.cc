#include "entitlements/capacity.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "entitlements/features.h"

namespace turnpike {
namespace {

constexpr std::string_view kTake = R"sql(
    INSERT INTO capacity_counters (customer_id, feature_key, used) VALUES ($1, $2, $3)
    ON CONFLICT (customer_id, feature_key) DO UPDATE
       SET used = capacity_counters.used + excluded.used
     WHERE capacity_counters.used + excluded.used <= $4
)sql";

constexpr std::string_view kGiveBack = R"sql(
    UPDATE capacity_counters SET used = used - $3 WHERE customer_id = $1 AND feature_key = $2
)sql";

constexpr std::string_view kUsed = R"sql(
    SELECT used FROM capacity_counters WHERE customer_id = $1 AND feature_key = $2
)sql";

bool has_room(const std::optional<std::int64_t>& limit, std::int64_t used, std::int64_t n) {
    return !limit || used + n <= *limit;
}

Result<Capacity> capacity_feature(sql::Transaction& tx, const Standing& standing,
                                  std::string_view feature_key) {
    const auto value = feature_of(tx, standing, feature_key);
    if (!value) return failure(value);
    if (const auto* capacity = std::get_if<Capacity>(&*value)) return *capacity;
    return invalid_argument("entitlement.not_a_capacity",
                            "feature '" + std::string(feature_key) + "' is not a capacity");
}

}  // namespace

std::int64_t capacity_count(sql::Transaction& tx, const CustomerId& customer,
                            std::string_view feature_key) {
    const auto row = tx.one(kUsed, {customer, feature_key});
    return row ? row->integer(0) : 0;
}

std::optional<std::int64_t> CapacityState::remaining() const {
    if (!limit) return std::nullopt;
    return std::max<std::int64_t>(0, *limit - current_count);
}

Result<CapacityState> take_capacity(sql::Transaction& tx, const Standing& standing,
                                    std::string_view feature_key, std::int64_t n) {
    check(n >= 1 && n <= kCapacityMax, "so many can be there");
    const auto capacity = capacity_feature(tx, standing, feature_key);
    if (!capacity) return failure(capacity);
    const std::int64_t most = capacity->limit.value_or(kCapacityMax);
    // A row that is not there yet is not compared with the limit.
    const bool taken = n <= most && tx.run(kTake, {standing.customer, feature_key, n, most}) == 1;
    return CapacityState{taken, capacity_count(tx, standing.customer, feature_key),
                         capacity->limit};
}

void give_back_capacity(sql::Transaction& tx, const CustomerId& customer,
                        std::string_view feature_key, std::int64_t n) {
    check(n >= 1, "nothing is given back by taking");
    const bool given = tx.run(kGiveBack, {customer, feature_key, n}) == 1;
    check(given, "what is given back was taken");
}

Result<CapacityState> capacity_of(sql::Transaction& tx, const Standing& standing,
                                  std::string_view feature_key, std::int64_t n) {
    const auto capacity = capacity_feature(tx, standing, feature_key);
    if (!capacity) return failure(capacity);
    const std::int64_t used = capacity_count(tx, standing.customer, feature_key);
    return CapacityState{has_room(capacity->limit, used, n), used, capacity->limit};
}

}  // namespace turnpike
