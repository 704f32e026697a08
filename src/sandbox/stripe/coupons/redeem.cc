#include "sandbox/stripe/coupons/redeem.h"

#include <algorithm>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/coupons/coupons.h"
#include "sandbox/stripe/coupons/promotion_codes.h"
#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

using Kind = DiscountRequest::Kind;

constexpr std::size_t kDiscountsMax = 20;

/// What is redeemed: a coupon, perhaps through a promotion code.
struct Redemption {
    Json coupon;
    std::optional<Json> promotion_code{};
};

Refusal cannot_redeem(const std::string& param, const std::string& why) {
    return bad_param(param, "", "This promotion code cannot be redeemed because " + why);
}

bool has_paid_before(Context& ctx, const std::string& customer) {
    // Who is not known yet has paid nothing; a filter without a customer would ask for everybody.
    if (customer.empty()) return false;
    return ctx.count("invoice", {.customer = customer, .status = "paid"}) > 0 ||
           ctx.count("charge", {.customer = customer, .status = "succeeded"}) > 0;
}

/// The code's minimum in this currency: its own, or one of its options'. nullopt: none is named.
std::optional<std::int64_t> minimum_of(const Json& restrictions, const std::string& currency) {
    if (text_of(restrictions, "minimum_amount_currency") == currency)
        return integer_of(restrictions, "minimum_amount");
    const Json& option = part_of(part_of(restrictions, "currency_options"), currency);
    if (option.empty()) return std::nullopt;
    return integer_of(option, "minimum_amount");
}

std::optional<Refusal> check_minimum(const Json& restrictions, const DiscountTarget& target,
                                     const std::string& param) {
    if (integer_of(restrictions, "minimum_amount") == 0) return std::nullopt;
    if (!target.amount)
        return cannot_redeem(
            param, "it uses the `minimum_amount` restriction, which a customer has no amount for.");
    const auto minimum = minimum_of(restrictions, target.currency);
    if (!minimum)
        return cannot_redeem(param, "its minimum amount is not in " + target.currency + ".");
    if (*target.amount < *minimum)
        return cannot_redeem(param, "the minimum amount of " +
                                        format_amount(*minimum, target.currency) + " is not met.");
    return std::nullopt;
}

std::optional<Refusal> check_restrictions(Context& ctx, const Json& code,
                                          const DiscountTarget& target, const std::string& param) {
    const auto only = text_of(code, "customer");
    if (!only.empty() && only != target.customer)
        return cannot_redeem(param, "it is restricted to another customer.");
    if (target.payment == DiscountTarget::Payment::Made) return std::nullopt;
    const auto& restrictions = part_of(code, "restrictions");
    if (auto refusal = check_minimum(restrictions, target, param)) return refusal;
    if (flag_of(restrictions, "first_time_transaction") && has_paid_before(ctx, target.customer))
        return cannot_redeem(param, "the associated customer has prior transactions.");
    return std::nullopt;
}

/// An amount off has to be known in the currency of the bill.
std::optional<Refusal> check_currency_of(const Json& coupon, const DiscountTarget& target,
                                         const std::string& param) {
    if (target.currency.empty() || !coupon.at("percent_off").is_null()) return std::nullopt;
    if (part_of(coupon, "currency_options").contains(target.currency)) return std::nullopt;
    return bad_param(
        param, "",
        "The coupon " + text_of(coupon, "id") + " takes no amount off in " + target.currency + ".");
}

Outcome<Redemption> find_coupon(Context& ctx, const std::string& id, const DiscountTarget& target,
                                const std::string& param) {
    auto coupon = ctx.find("coupon", id);
    if (!coupon) return no_such_param("coupon", id, param);
    if (!is_redeemable(*coupon, ctx.now())) return coupon_expired(id, param);
    if (auto refusal = check_currency_of(*coupon, target, param)) return *refusal;
    return Redemption{*std::move(coupon)};
}

Outcome<Redemption> find_promotion_code(Context& ctx, const std::string& id,
                                        const DiscountTarget& target, const std::string& param) {
    auto code = ctx.find("promotion_code", id);
    if (!code) return no_such_param("promotion code", id, param);
    if (!is_redeemable(*code, ctx.now())) return cannot_redeem(param, "it is not active.");
    if (const auto refusal = check_restrictions(ctx, *code, target, param)) return *refusal;
    auto found = find_coupon(ctx, coupon_of(*code), target, param);
    if (found) found->promotion_code = *std::move(code);
    return found;
}

/// A repeating coupon's last month ends as a billing period does; the others have no end in time.
std::optional<Instant> end_of(const Json& coupon, Instant start) {
    if (text_of(coupon, "duration") != "repeating") return std::nullopt;
    return add_intervals(start, {BillingInterval::Unit::Month, 1},
                         integer_of(coupon, "duration_in_months"));
}

Json new_discount(Context& ctx, const DiscountTarget& target, const Redemption& redeemed) {
    const Instant start = second_of(ctx, target.customer);
    const auto code = redeemed.promotion_code.value_or(Json::object());
    Json discount;
    discount["id"] = ctx.new_id("di");
    discount["object"] = "discount";
    discount["customer"] = target.customer;
    discount["end"] = seconds_or_null(end_of(redeemed.coupon, start));
    discount["promotion_code"] = text_or_null(text_of(code, "id"));
    discount["source"] = {{"coupon", text_of(redeemed.coupon, "id")}, {"type", "coupon"}};
    discount["start"] = unix_seconds(start);
    for (const char* name : {"checkout_session", "customer_account", "invoice", "invoice_item",
                             "subscription", "subscription_item"})
        discount[name] = nullptr;
    if (!target.owner.empty()) discount[std::string(target.owner)] = target.owner_id;
    discount["_terms"] = discount_terms(discount, redeemed.coupon);
    return discount;
}

Outcome<Redeemed> find_discount(Context& ctx, const DiscountTarget& target,
                                const DiscountRequest& request) {
    auto discount = ctx.find("discount", request.id);
    const bool usable = discount && text_of(*discount, "customer") == target.customer &&
                        !flag_of(*discount, "_ended");
    if (!usable) return no_such_param("discount", request.id, request.param);
    return Redeemed{*std::move(discount), Redeemed::Origin::Reused};
}

Outcome<Redeemed> redeem_one(Context& ctx, const DiscountTarget& target,
                             const DiscountRequest& request) {
    if (request.kind == Kind::Discount) return find_discount(ctx, target, request);
    const auto found = request.kind == Kind::Coupon
                           ? find_coupon(ctx, request.id, target, request.param)
                           : find_promotion_code(ctx, request.id, target, request.param);
    if (!found) return Refusal(found.error());
    return Redeemed{new_discount(ctx, target, *found)};
}

std::string coupon_of_discount(const Json& discount) {
    return text_of(discount.at("source"), "coupon");
}

/// What is counted when all of them are stored cannot be checked of each alone.
std::optional<Refusal> check_repeated(const Redeemed& redeemed, const std::vector<Redeemed>& others,
                                      const std::string& param) {
    const bool is_new = redeemed.origin == Redeemed::Origin::New;
    const auto id_of = [&](const Json& discount) {
        return is_new ? coupon_of_discount(discount) : text_of(discount, "id");
    };
    const std::string id = id_of(redeemed.discount);
    const bool repeated = std::ranges::any_of(others, [&](const Redeemed& other) {
        return other.origin == redeemed.origin && id_of(other.discount) == id;
    });
    if (!repeated) return std::nullopt;
    return bad_param(param, "",
                     "The " + std::string(is_new ? "coupon " : "discount ") + id + " can be " +
                         (is_new ? "redeemed" : "reused") + " once in a list.");
}

/// Whether what `earlier` has redeemed of this object leaves room for one more.
bool has_room_beside(Context& ctx, std::string_view kind, const std::string& id,
                     const std::vector<Redeemed>& earlier) {
    const auto object = ctx.look(kind, id);
    if (!object) return true;
    const bool is_code = kind == "promotion_code";
    const auto uncounted = std::ranges::count_if(earlier, [&](const Redeemed& other) {
        const Json& discount = other.discount;
        return other.origin == Redeemed::Origin::New &&
               (is_code ? text_of(discount, "promotion_code") : coupon_of_discount(discount)) == id;
    });
    return has_room(*object, ctx.now(), uncounted);
}

/// One discount, one redemption: those of the request are counted when they are stored.
std::optional<Refusal> check_room(Context& ctx, const Redeemed& redeemed,
                                  const std::vector<Redeemed>& earlier, const std::string& param) {
    if (redeemed.origin == Redeemed::Origin::Reused) return std::nullopt;
    const auto code = text_of(redeemed.discount, "promotion_code");
    if (!has_room_beside(ctx, "promotion_code", code, earlier))
        return cannot_redeem(param, "it is not active.");
    const auto coupon = coupon_of_discount(redeemed.discount);
    if (!has_room_beside(ctx, "coupon", coupon, earlier)) return coupon_expired(coupon, param);
    return std::nullopt;
}

DiscountRequest read_entry(Params& entry) {
    static constexpr std::pair<const char*, Kind> kNames[] = {
        {"coupon", Kind::Coupon},
        {"promotion_code", Kind::PromotionCode},
        {"discount", Kind::Discount}};
    DiscountRequest request;
    std::size_t named = 0;
    for (const auto& [name, kind] : kNames) {
        const auto id = entry.text(name).value_or("");
        if (id.empty()) continue;
        request = {kind, id, entry.name_of(name)};
        ++named;
    }
    if (named != 1)
        entry.complain(bad_param("discounts", "",
                                 "Each entry of `discounts` must have exactly one of `coupon`, "
                                 "`discount` and `promotion_code`."));
    return request;
}

void count_redemption_of(Context& ctx, std::string_view kind, const std::string& id) {
    if (auto found = ctx.find(kind, id)) count_redemption(ctx, *std::move(found));
}

}  // namespace

std::optional<std::vector<DiscountRequest>> read_discounts(Params& params) {
    if (!params.has("discounts")) return std::nullopt;
    std::vector<DiscountRequest> requests;
    for (Params& entry : params.objects("discounts")) {
        requests.push_back(read_entry(entry));
        params.absorb(entry);
    }
    if (requests.size() > kDiscountsMax)
        params.complain(bad_param(params.name_of("discounts"), "",
                                  "At most 20 discounts can be applied together."));
    return requests;
}

std::int64_t purchase_amount(const std::vector<Bought>& all) {
    std::int64_t amount = 0;
    for (const Bought& bought : all) amount += total_of(bought.price, bought.quantity);
    return amount;
}

Outcome<std::vector<Redeemed>> redeem(Context& ctx, const DiscountTarget& target,
                                      const std::vector<DiscountRequest>& requests,
                                      const std::vector<Redeemed>& earlier) {
    std::vector<Redeemed> all;
    for (const DiscountRequest& request : requests) {
        auto redeemed = redeem_one(ctx, target, request);
        if (!redeemed) return Refusal(redeemed.error());
        if (auto refusal = check_repeated(*redeemed, all, request.param)) return *refusal;
        if (auto refusal = check_room(ctx, *redeemed, earlier, request.param)) return *refusal;
        all.push_back(*std::move(redeemed));
    }
    return all;
}

std::vector<Json> terms_of(const std::vector<Redeemed>& redeemed) {
    std::vector<Json> terms;
    for (const Redeemed& each : redeemed) terms.push_back(each.discount.at("_terms"));
    return terms;
}

void store_redeemed(Context& ctx, const std::vector<Redeemed>& redeemed) {
    for (const auto& [discount, origin] : redeemed) {
        if (origin == Redeemed::Origin::Reused) continue;
        ctx.put(discount);
        // The coupon last: when it is used up, it ends its promotion codes.
        count_redemption_of(ctx, "promotion_code", text_of(discount, "promotion_code"));
        count_redemption_of(ctx, "coupon", coupon_of_discount(discount));
    }
}

void retire_discount(Context& ctx, Json discount) {
    discount["_ended"] = true;
    ctx.put(discount);
}

Json deleted_discount(Json discount) {
    discount = visible(discount);
    discount.erase("end");
    discount["deleted"] = true;
    return discount;
}

Refusal no_active_discount(const std::string& kind, const std::string& id) {
    StripeError error;
    error.http_status = 404;
    error.code = "resource_missing";
    error.message = "No active discount for " + kind + ": " + id;
    return Refusal(std::move(error));
}

}  // namespace turnpike::twin
