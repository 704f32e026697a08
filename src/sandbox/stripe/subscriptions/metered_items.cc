#include "sandbox/stripe/subscriptions/metered_items.h"

#include "sandbox/documents.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {

StripeError quantity_of_metered(const std::string& param) {
    const auto bracket = param.rfind('[');
    const std::string where =
        bracket == std::string::npos ? "" : " from `" + param.substr(0, bracket) + "`";
    return bad_param(param, "",
                     "Quantity should not be specified where usage_type is `metered`. Remove "
                     "quantity" +
                         where + ".")
        .error();
}

std::optional<StripeError> check_kept_quantity(Context& ctx, const std::string& item,
                                               const std::string& param) {
    const auto stored = ctx.find("subscription_item", item);
    if (!stored || !is_metered(stored->at("price"))) return std::nullopt;
    return quantity_of_metered(param);
}

}  // namespace turnpike::twin
