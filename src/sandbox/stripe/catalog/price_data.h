#pragma once

#include <cstdint>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/params.h"

/// Prices that another request brings with it (price_data) or needs.
namespace turnpike::twin {

struct PriceRequest {
    std::string id;  ///< "" makes a new one
    std::string product;
    Json amount;     ///< its "currency", "unit_amount" and "unit_amount_decimal"
    Json recurring;  ///< as read_recurring() makes it; null for a single charge
};
/// Stores a price that some other request needs, and returns it. It is nobody's to choose:
/// inactive, and neither listed nor offered (its member "_inline").
Json new_price(Context& ctx, const PriceRequest& request);

/// The product of a new price: `product` names one, or `product_data` makes one, which is stored.
/// The last of `params` to be read: complaints about any of them are answered, and nothing is made.
/// Errors: 400 for both, for neither, and for a product that does not exist.
Outcome<std::string> read_product_of_price(Context& ctx, Params& params);

/// What price_data may say besides a product's id, a currency and an amount.
enum class PriceDataTakes : std::uint8_t { AmountOnly, Recurring, RecurringAndProductData };
/// The price that price_data describes, stored. Errors: 400, as read_product_of_price().
Outcome<Json> read_price_data(Context& ctx, Params& data, PriceDataTakes takes);

}  // namespace turnpike::twin
