#pragma once

#include "json/json.h"

/// 2025-03-31.basil took these members away, or moved them. Each function puts them back.
namespace turnpike::twin {

/// current_period_* of the item whose period ends first; "_discount" (an object or null).
Json subscription_before_basil(Json subscription);
/// "_discount", "_payment": {payment_intent, charge, paid} of its default payment. There are no
/// taxes, fees or transfers here.
Json invoice_before_basil(Json invoice);
/// "_price" and "_plan": objects or null. A line that was an invoice item is of type "invoiceitem",
/// also when a subscription made it.
Json line_item_before_basil(Json line);
/// A PaymentIntent or charge. "_invoice": an id or null.
Json payment_before_basil(Json payment);
Json price_before_basil(Json price);
Json plan_before_basil(Json plan);

}  // namespace turnpike::twin
