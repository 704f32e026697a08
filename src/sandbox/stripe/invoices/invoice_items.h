#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/redeem.h"

/// Invoice items: single charges and credits of a customer, on a draft or waiting for the next
/// invoice. (object "invoiceitem")
namespace turnpike::twin {

struct NewInvoiceItem {
    std::string customer;
    std::string currency;
    std::int64_t amount = 0;
    std::int64_t quantity = 1;
    std::string description;
    Period period;
    std::string subscription;       ///< "" if none
    std::string subscription_item;  ///< of a proration
    Json price;                     ///< what is charged; never null
    Json credited_items;            ///< of a credit for unused time
    enum class Kind : bool { Single, Proration } kind = Kind::Single;
};
/// A pending item, not stored yet (put it, and raise invoiceitem.created).
Json new_invoice_item(Context& ctx, const NewInvoiceItem& request);

/// Says on which invoice the item is; "" makes it wait.
void bind_invoice_item(Json& item, const std::string& invoice);

struct PendingItems {
    std::string customer, currency;
    std::string subscription;  ///< its own items and those of none; "" takes every one
};
/// The items that wait for the next invoice. Oldest first.
std::vector<Json> pending_items_of(Context& ctx, const PendingItems& of);

/// The invoice item that a line is of; "" for the line of a subscription's cycle.
std::string item_behind(const Json& line);

/// Gives the item discounts of its own, in place of those it has; stores new ones.
/// Errors: as redeem().
std::optional<StripeError> discount_invoice_item(Context& ctx, Json& item,
                                                 const std::vector<DiscountRequest>& requests);

Answer create_invoice_item(Operation& operation);
Answer get_invoice_item(Operation& operation);
Answer update_invoice_item(Operation& operation);
Answer delete_invoice_item(Operation& operation);
Answer list_invoice_items(Operation& operation);

}  // namespace turnpike::twin
