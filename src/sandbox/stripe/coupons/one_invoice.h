#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "json/json.h"

/// Discounts for one invoice (coupons of the duration `once`): what becomes of them as the first
/// invoice goes on that they made smaller. The invoice of an update that waits to be paid for
/// (private `_pending_update`) holds them only, as it may come to nothing: held, they come off
/// nothing else (discounts_at). Pure.
namespace turnpike::twin {

enum class OneInvoiceFate : std::uint8_t { Stays, IsHeld, IsFreed, Ends };
/// `type` is of what happened to the invoice: an event or an occurrence.
OneInvoiceFate fate_of_one_invoice(std::string_view type, const Json& invoice);

/// Whether this discount is for one invoice, and this is the one.
bool is_used_by(const Json& invoice, const Json& terms);

/// Holds the owner's discounts that this invoice has used, or frees them.
void hold_discounts(Json& owner, const Json& invoice, OneInvoiceFate fate);

/// What the owner has now and is held, is held among these too, which are to be its new terms.
void keep_held(const Json& owner, std::vector<Json>& terms);

}  // namespace turnpike::twin
