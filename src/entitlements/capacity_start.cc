#include "entitlements/capacity_start.h"

namespace turnpike {
namespace {

constexpr std::string_view kIsCounted = R"sql(
    SELECT used FROM capacity_counters WHERE customer_id = $1 AND feature_key = $2
)sql";

constexpr std::string_view kBegin = R"sql(
    INSERT INTO capacity_counters (customer_id, feature_key, used) VALUES ($1, $2, $3)
        ON CONFLICT (customer_id, feature_key) DO NOTHING
)sql";

}  // namespace

bool is_counted(sql::Transaction& tx, const CustomerId& customer, std::string_view feature_key) {
    return tx.one(kIsCounted, {customer, feature_key}).has_value();
}

void begin_capacity(sql::Transaction& tx, const CustomerId& customer, std::string_view feature_key,
                    std::int64_t used) {
    tx.run(kBegin, {customer, feature_key, used});
}

}  // namespace turnpike
