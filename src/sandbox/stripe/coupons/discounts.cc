#include "sandbox/stripe/coupons/discounts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/coupons/coupons.h"
#include "sandbox/stripe/coupons/promotion_codes.h"
#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/rendering.h"
#include "sandbox/stripe/subscriptions.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

/// What is redeemed: a coupon, perhaps through a promotion code.
struct Redemption {
    Json coupon;
    std::optional<Json> promotion_code{};
};

Refusal cannot_redeem(const std::string& why) {
    return bad_param("promotion_code", "", "This promotion code cannot be redeemed because " + why);
}

bool has_paid_before(Context& ctx, const std::string& customer) {
    return !ctx.list("invoice", {.customer = customer, .status = "paid"}).empty() ||
           !ctx.list("charge", {.customer = customer, .status = "succeeded"}).empty();
}

std::optional<Refusal> check_restrictions(Context& ctx, const Json& code,
                                          const std::string& customer) {
    const auto only = text_of(code, "customer");
    if (!only.empty() && only != customer)
        return cannot_redeem("it is restricted to another customer.");
    const auto& restrictions = part_of(code, "restrictions");
    if (integer_of(restrictions, "minimum_amount") > 0)
        return cannot_redeem(
            "it uses the `minimum_amount` restriction, which a customer has no amount for.");
    if (flag_of(restrictions, "first_time_transaction") && has_paid_before(ctx, customer))
        return cannot_redeem("the associated customer has prior transactions.");
    return std::nullopt;
}

Outcome<Redemption> find_coupon(Context& ctx, const std::string& id, const std::string& param) {
    auto coupon = ctx.find("coupon", id);
    if (!coupon) return no_such_param("coupon", id, param);
    if (!is_redeemable(*coupon, ctx.now())) return coupon_expired(id, param);
    return Redemption{*std::move(coupon)};
}

Outcome<Redemption> find_promotion_code(Context& ctx, const std::string& id,
                                        const std::string& customer) {
    auto code = ctx.find("promotion_code", id);
    if (!code) return no_such_param("promotion code", id, "promotion_code");
    if (!is_redeemable(*code, ctx.now())) return cannot_redeem("it is not active.");
    if (const auto refusal = check_restrictions(ctx, *code, customer)) return *refusal;
    auto found = find_coupon(ctx, coupon_of(*code), "promotion_code");
    if (found) found->promotion_code = *std::move(code);
    return found;
}

/// A repeating coupon's last month ends as a billing period does; the others have no end in time.
std::optional<Instant> end_of(const Json& coupon, Instant start) {
    if (text_of(coupon, "duration") != "repeating") return std::nullopt;
    return add_intervals(start, {BillingInterval::Unit::Month, 1},
                         integer_of(coupon, "duration_in_months"));
}

Json new_discount(Context& ctx, const std::string& customer, const Redemption& redeemed) {
    const Instant start = second_of(ctx, customer);
    const auto code = redeemed.promotion_code.value_or(Json::object());
    Json discount;
    discount["id"] = ctx.new_id("di");
    discount["object"] = "discount";
    discount["customer"] = customer;
    discount["end"] = seconds_or_null(end_of(redeemed.coupon, start));
    discount["promotion_code"] = text_or_null(text_of(code, "id"));
    discount["source"] = {{"coupon", text_of(redeemed.coupon, "id")}, {"type", "coupon"}};
    discount["start"] = unix_seconds(start);
    for (const char* name : {"checkout_session", "customer_account", "invoice", "invoice_item",
                             "subscription", "subscription_item"})
        discount[name] = nullptr;
    return discount;
}

bool has_running_subscription(Context& ctx, const std::string& customer) {
    return !std::ranges::all_of(ctx.list("subscription", {.customer = customer}), is_ended);
}

StripeError not_discounted(const std::string& what) {
    return bad_param("", "", "This sandbox takes no discounts off what it bills: " + what).error();
}

Outcome<DiscountChange> redeem(Context& ctx, Json& customer, const DiscountRequest& request) {
    const auto id = text_of(customer, "id");
    auto found = request.promotion_code ? find_promotion_code(ctx, *request.promotion_code, id)
                                        : find_coupon(ctx, request.coupon.value_or(""), "coupon");
    if (!found) return Refusal(found.error());
    if (has_running_subscription(ctx, id))
        return Refusal(not_discounted("this customer has a subscription."));
    const Json before = customer.value("discount", Json());
    DiscountChange change{"customer.discount.created", new_discount(ctx, id, *found)};
    if (before.is_object()) {
        change.event = "customer.discount.updated";
        change.previous = previous_attributes(visible(before), visible(change.discount));
    }
    // The coupon last: when it is used up, it ends its promotion codes.
    if (found->promotion_code) count_redemption(ctx, *std::move(found->promotion_code));
    count_redemption(ctx, std::move(found->coupon));
    customer["discount"] = change.discount;
    return change;
}

std::optional<DiscountChange> remove_discount(Json& customer) {
    const Json discount = std::exchange(customer["discount"], nullptr);
    if (!discount.is_object()) return std::nullopt;
    return DiscountChange{"customer.discount.deleted", discount};
}

Answer delete_customer_discount(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    const auto& id = operation.path("customer");
    auto customer = ctx.find("customer", id);
    if (!customer) return no_such_object("customer", id);
    if (!part_of(*customer, "discount").contains("id")) {
        StripeError error;
        error.http_status = 404;
        error.code = "resource_missing";
        error.message = "No active discount for customer: " + id;
        return Refusal(error);
    }
    Json deleted = customer->at("discount");
    end_discount(ctx, *std::move(customer));
    deleted.erase("end");
    deleted["deleted"] = true;
    return deleted;
}

constexpr auto kDiscountRoutes = std::to_array<OperationRoute>({
    {"DELETE", "/v1/customers/{customer}/discount", delete_customer_discount},
});

}  // namespace

DiscountRequest read_discount_request(Params& params) {
    DiscountRequest request;
    if (params.has_retired("coupon")) request.coupon = params.text("coupon");
    if (params.has_retired("promotion_code"))
        request.promotion_code = params.text("promotion_code");
    if (request.coupon && request.promotion_code)
        params.complain(bad_param("", "parameters_exclusive",
                                  "You may only specify one of these parameters: coupon, "
                                  "promotion_code."));
    return request;
}

Outcome<std::optional<DiscountChange>> change_discount(Context& ctx, Json& customer,
                                                       const DiscountRequest& request) {
    const auto& named = request.promotion_code ? request.promotion_code : request.coupon;
    if (!named) return std::nullopt;
    if (named->empty()) return remove_discount(customer);
    auto change = redeem(ctx, customer, request);
    if (!change) return Refusal(change.error());
    return *std::move(change);
}

void announce_discount(Context& ctx, const Json& customer, const DiscountChange& change) {
    const auto end = instant_of(part_of(customer, "discount"), "end");
    ctx.put_due(customer, end, text_of(customer, "test_clock"));
    ctx.emit(change.event, change.discount, change.previous);
}

void end_discount(Context& ctx, Json customer) {
    const auto change = remove_discount(customer);
    ctx.update_and_emit("customer.updated", customer);
    if (change) announce_discount(ctx, customer, *change);
}

std::optional<StripeError> refuse_discounted(const Json& customer) {
    if (part_of(customer, "discount").empty()) return std::nullopt;
    return not_discounted("this customer has a discount.");
}

std::span<const OperationRoute> discount_routes() { return kDiscountRoutes; }

}  // namespace turnpike::twin
