#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"

/// Turning coupons and promotion codes into discounts.
namespace turnpike::twin {

/// One thing that a request names: a coupon or a promotion code to redeem, or a discount to reuse.
struct DiscountRequest {
    enum class Kind : std::uint8_t { Coupon, PromotionCode, Discount } kind = Kind::Coupon;
    std::string id;
    std::string param;  ///< where: "discounts[0][coupon]"
};
/// Reads discounts[]: nullopt when it is not given, none for "". Complains about entries that name
/// nothing or several things, and about more than 20 of them.
std::optional<std::vector<DiscountRequest>> read_discounts(Params& params);

/// What the discounts are for.
struct DiscountTarget {
    std::string customer;
    /// The member of a discount that names it ("subscription", "invoice_item"), and its id; "" for
    /// the customer itself.
    std::string_view owner{};
    std::string owner_id{};
    std::string currency{};  ///< "" for a customer: any
    /// What a promotion code's minimum_amount is compared with: what is bought, at its full price
    /// (purchase_amount). A customer has no amount.
    std::optional<std::int64_t> amount{};
    /// A payment that was made meets what a promotion code asks of its payer: it is no earlier one.
    enum class Payment : bool { ToCome, Made } payment = Payment::ToCome;
};
/// A price in the currency of what is bought, and how many.
struct Bought {
    Json price;
    std::int64_t quantity = 1;
};
/// What is bought together: a cycle of what recurs, and what is charged once beside it. A trial, or
/// a first period that is cut short, makes a purchase no smaller.
std::int64_t purchase_amount(const std::vector<Bought>& all);

/// A discount on the target: its document, with what it takes off ("_terms", see applied.h).
struct Redeemed {
    Json discount;
    enum class Origin : bool { New, Reused } origin = Origin::New;
};
/// Checks the requests and makes the discounts, in their order. Stores nothing; `earlier` is what
/// the same request redeems besides, and is not stored either: each of them counts.
/// Errors: 400 naming the parameter for what does not exist, cannot be redeemed by this customer,
/// has no amount in this currency, is in the list already, or has no redemption left.
Outcome<std::vector<Redeemed>> redeem(Context& ctx, const DiscountTarget& target,
                                      const std::vector<DiscountRequest>& requests,
                                      const std::vector<Redeemed>& earlier = {});
std::vector<Json> terms_of(const std::vector<Redeemed>& redeemed);

/// Stores what is new of them and counts the redemptions.
void store_redeemed(Context& ctx, const std::vector<Redeemed>& redeemed);

/// The discount has ended: it cannot be reused. Bills that have it keep it.
void retire_discount(Context& ctx, Json discount);

/// {"id", "object": "discount", .., "deleted": true}: what a deletion answers.
Json deleted_discount(Json discount);
/// 404: the customer or subscription (`kind`) has none to delete.
Refusal no_active_discount(const std::string& kind, const std::string& id);

}  // namespace turnpike::twin
