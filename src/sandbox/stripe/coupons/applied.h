#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "json/json.h"

/// What discounts take off a bill, on the documents themselves. Pure.
///
/// Whoever has discounts (a subscription, its items, an invoice, its lines and items) names them in
/// "discounts" and keeps their terms beside that, in the private "_discounts"; a customer keeps
/// only the latter. So a bill can be summed up again when the coupons are gone. Terms are
/// {"id", "percent": 100000 or null, "amounts": {"usd": 500}, "products": [..] or null,
///  "duration": "once", "end": seconds or null, "held": true or missing (one_invoice.h)}; percents
/// as in allocation.h.
namespace turnpike::twin {

/// The terms on which this discount (its "id" and "end") gives what the coupon says.
Json discount_terms(const Json& discount, const Json& coupon);

void set_discounts(Json& owner, const std::vector<Json>& terms);
/// Terms of the owner's discounts that have not ended at this moment and are not held, in their
/// order.
std::vector<Json> discounts_at(const Json& owner, Instant at);

/// Whether the discount is for this product, too.
bool covers(const Json& terms, const std::string& product);
/// Whether the discount is for the first invoice that it makes smaller.
bool ends_with_one_invoice(const Json& terms);

/// What was taken off an invoice, in minor units.
struct Reductions {
    std::int64_t by_lines = 0;    ///< by discounts of single lines
    std::int64_t by_invoice = 0;  ///< by those of the whole invoice
};
/// Takes the discounts of the lines, and then those of the invoice, off its discountable lines, one
/// after the other in their order: each of what the ones before it have left. Writes
/// discount_amounts and pretax_credit_amounts of the lines and the invoice's sums of them. A line
/// that is not discountable (a proration) keeps the discount_amounts that it came with. A discount
/// without an amount in the invoice's currency takes nothing off.
Reductions apply_discounts(Json& invoice);

/// One discount's share of something.
struct DiscountShare {
    std::string discount;
    std::int64_t amount = 0;
};
/// discount_amounts of a document, and the member's value for these.
std::vector<DiscountShare> shares_of(const Json& discount_amounts);
Json discount_amounts_of(const std::vector<DiscountShare>& shares);
std::int64_t sum_of(const std::vector<DiscountShare>& shares);

/// Ids of the discounts that made this invoice smaller; also by prorations, which need not show it
/// ("_taken" of a line).
std::vector<std::string> discounts_used(const Json& invoice);

}  // namespace turnpike::twin
