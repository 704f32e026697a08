#include "sandbox/stripe/coupons/discounts.h"

#include <array>
#include <utility>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/coupons/one_invoice.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

Outcome<DiscountChange> give_discount(Context& ctx, Json& customer,
                                      const DiscountRequest& request) {
    const auto redeemed = redeem(ctx, {.customer = text_of(customer, "id")}, {request});
    if (!redeemed) return Refusal(redeemed.error());
    const Json before = std::exchange(customer["discount"], visible(redeemed->front().discount));
    DiscountChange change{"customer.discount.created", customer["discount"]};
    if (before.is_object()) {
        change.event = "customer.discount.updated";
        change.previous = previous_attributes(before, change.discount);
        retire_discount(ctx, before);
    }
    store_redeemed(ctx, *redeemed);
    customer["_discounts"] = terms_of(*redeemed);
    return change;
}

std::optional<DiscountChange> remove_discount(Context& ctx, Json& customer) {
    const Json discount = std::exchange(customer["discount"], nullptr);
    if (!discount.is_object()) return std::nullopt;
    customer["_discounts"] = Json::array();
    retire_discount(ctx, discount);
    return DiscountChange{"customer.discount.deleted", discount};
}

/// When the time of a repeating coupon is over, too.
void end_discount(Context& ctx, Json customer) {
    const auto change = remove_discount(ctx, customer);
    ctx.update_and_emit("customer.updated", customer);
    if (change) announce_discount(ctx, customer, *change);
}

/// A discount for one invoice is over when that invoice is final, or is held until it is paid.
void follow_invoice_of_discount(Context& ctx, std::string_view type, const Json& invoice) {
    const OneInvoiceFate fate = fate_of_one_invoice(type, invoice);
    if (fate == OneInvoiceFate::Stays || discounts_used(invoice).empty()) return;
    auto customer = ctx.find("customer", text_of(invoice, "customer"));
    if (!customer) return;
    const Json& discounts = part_of(*customer, "_discounts");
    if (discounts.empty() || !is_used_by(invoice, discounts.at(0))) return;
    if (fate == OneInvoiceFate::Ends) return end_discount(ctx, *std::move(customer));
    hold_discounts(*customer, invoice, fate);
    ctx.put(*customer);
}

Answer delete_customer_discount(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    const auto& id = operation.path("customer");
    auto customer = ctx.find("customer", id);
    if (!customer) return no_such_object("customer", id);
    Json discount = customer->value("discount", Json());
    if (discount.is_null()) return no_active_discount("customer", id);
    end_discount(ctx, *std::move(customer));
    return deleted_discount(std::move(discount));
}

constexpr auto kDiscountRoutes = std::to_array<OperationRoute>({
    {"DELETE", "/v1/customers/{customer}/discount", delete_customer_discount},
});

constexpr auto kDiscountExpandables = std::to_array<Expandable>({
    {"discount", "customer", "customer"},
    {"discount", "promotion_code", "promotion_code"},
    {"discount", "source.coupon", "coupon"},
});

constexpr auto kDiscountSteps = std::to_array<EngineStep>({{"customer", sure_step<end_discount>}});

constexpr auto kDiscountListeners = std::to_array<EventListener>({
    {"invoice.finalized", follow_invoice_of_discount},
    {kInvoicePaid, follow_invoice_of_discount},
    {kInvoiceClosed, follow_invoice_of_discount},
});

}  // namespace

std::optional<DiscountRequest> read_discount_request(Params& params) {
    const bool coupon = params.has_retired("coupon");
    const bool code = params.has_retired("promotion_code");
    if (coupon && code) params.complain(only_one_of(params, "coupon", "promotion_code"));
    using Kind = DiscountRequest::Kind;
    if (code)
        return DiscountRequest{Kind::PromotionCode, params.text("promotion_code").value_or(""),
                               "promotion_code"};
    if (coupon) return DiscountRequest{Kind::Coupon, params.text("coupon").value_or(""), "coupon"};
    return std::nullopt;
}

Outcome<std::optional<DiscountChange>> change_discount(
    Context& ctx, Json& customer, const std::optional<DiscountRequest>& request) {
    if (!request) return std::nullopt;
    if (request->id.empty()) return remove_discount(ctx, customer);
    auto change = give_discount(ctx, customer, *request);
    if (!change) return Refusal(change.error());
    return *std::move(change);
}

void announce_discount(Context& ctx, const Json& customer, const DiscountChange& change) {
    const auto end = instant_of(part_of(customer, "discount"), "end");
    ctx.put_due(customer, end, text_of(customer, "test_clock"));
    ctx.emit(change.event, change.discount, change.previous);
}

const Feature& discount_feature() {
    static constexpr Feature kFeature{.operations = kDiscountRoutes,
                                      .expandables = kDiscountExpandables,
                                      .steps = kDiscountSteps,
                                      .listeners = kDiscountListeners};
    return kFeature;
}

}  // namespace turnpike::twin
