#include "sandbox/stripe/core/customer_of.h"

#include <chrono>
#include <utility>

#include "json/value.h"

namespace turnpike::twin {

Instant second_of(Context& ctx, const std::string& customer) {
    return std::chrono::floor<std::chrono::seconds>(ctx.now_of(customer));
}

Outcome<Json> require_customer(Context& ctx, const std::string& id, const std::string& param) {
    auto customer = ctx.find("customer", id);
    if (!customer) return no_such_param("customer", id, param);
    return *std::move(customer);
}

}  // namespace turnpike::twin
