#include "sandbox/stripe/checkout/session_discounts.h"

#include <algorithm>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/coupons/typed_code.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/exclusive.h"

namespace turnpike::twin {
namespace {

/// A code is never beside an amount that the payer chooses.
std::vector<Bought> bought_in(const Json& session) {
    std::vector<Bought> all;
    for (const Json& line : lines_of(session))
        all.push_back({line.at("price"), integer_of(line, "quantity")});
    return all;
}

/// Somebody whom nobody knows has bought nothing before: the session's id is no customer's.
DiscountTarget target_of_session(const Json& session) {
    const std::string customer = text_of(session, "customer");
    DiscountTarget target;
    target.customer = customer.empty() ? text_of(session, "id") : customer;
    target.owner = "checkout_session";
    target.owner_id = text_of(session, "id");
    target.currency = text_of(session, "currency");
    target.amount = purchase_amount(bought_in(session));
    return target;
}

/// The session as a bill, for what takes discounts off bills.
Json bill_of(const Json& session, const std::vector<Json>& terms) {
    Json bill;
    bill["currency"] = session.at("currency");
    set_discounts(bill, terms);
    bill["lines"]["data"] = Json::array();
    for (const Json& sold : lines_of(session)) {
        Json line;
        line["amount"] = sold.at("amount_subtotal");
        line["discountable"] = true;
        line["pricing"]["price_details"]["product"] = text_of(sold.at("price"), "product");
        set_discounts(line, {});
        bill["lines"]["data"].push_back(std::move(line));
    }
    return bill;
}

void take_off_lines(Json& session, const std::vector<Json>& terms) {
    Json bill = bill_of(session, terms);
    apply_discounts(bill);
    const Json& discounted = bill.at("lines").at("data");
    std::vector<Json> lines(lines_of(session).begin(), lines_of(session).end());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::int64_t off = sum_of(shares_of(discounted[i].at("discount_amounts")));
        lines[i]["amount_discount"] = off;
        lines[i]["amount_total"] = integer_of(lines[i], "amount_subtotal") - off;
    }
    put_lines(session, lines);
}

void name_discounts(Json& session, const std::vector<Redeemed>& redeemed,
                    const std::vector<DiscountRequest>& requests) {
    session["discounts"] = Json::array();
    session["_discount"] = Json::object();
    for (const Redeemed& each : redeemed) {
        const Json code = each.discount.at("promotion_code");
        const Json coupon = code.is_null() ? each.discount.at("source").at("coupon") : Json();
        session["discounts"].push_back({{"coupon", coupon}, {"promotion_code", code}});
    }
    for (const DiscountRequest& request : requests) {
        const bool coupon = request.kind == DiscountRequest::Kind::Coupon;
        session["_discount"][coupon ? "coupon" : "promotion_code"] = request.id;
    }
}

std::vector<DiscountRequest> requests_of(const Json& session) {
    std::vector<DiscountRequest> requests;
    const Json& kept = part_of(session, "_discount");
    for (const auto kind : {DiscountRequest::Kind::Coupon, DiscountRequest::Kind::PromotionCode}) {
        const bool coupon = kind == DiscountRequest::Kind::Coupon;
        const std::string id = text_of(kept, coupon ? "coupon" : "promotion_code");
        if (!id.empty()) requests.push_back({kind, id, "discounts"});
    }
    return requests;
}

}  // namespace

std::vector<DiscountRequest> read_session_discounts(Params& params, Json& session) {
    if (params.has("discounts") && params.has("allow_promotion_codes"))
        params.complain(only_one_of(params, "allow_promotion_codes", "discounts"));
    if (const auto allowed = params.boolean("allow_promotion_codes"))
        session["allow_promotion_codes"] = *allowed;
    auto requests = read_discounts(params).value_or(std::vector<DiscountRequest>());
    if (requests.size() > 1)
        params.complain(
            bad_param("discounts", "", "A Checkout Session can have at most one discount."));
    for (const DiscountRequest& request : requests)
        if (request.kind == DiscountRequest::Kind::Discount)
            params.complain(bad_param(request.param, "parameter_unknown",
                                      "Received unknown parameter: " + request.param));
    return requests;
}

std::optional<StripeError> discount_session(Context& ctx, Json& session,
                                            const std::vector<DiscountRequest>& requests) {
    const auto redeemed = redeem(ctx, target_of_session(session), requests);
    if (!redeemed) return redeemed.error();
    name_discounts(session, *redeemed, requests);
    take_off_lines(session, terms_of(*redeemed));
    return check_total(session);
}

std::optional<StripeError> apply_typed_code(Context& ctx, Json& session, const std::string& code) {
    if (code.empty()) return discount_session(ctx, session, {});
    if (!flag_of(session, "allow_promotion_codes"))
        return bad_param("promotion_code", "", "This shop takes no promotion codes here.").error();
    const auto found = find_typed_code(ctx, code, text_of(session, "customer"));
    if (!found) return found.error();
    return discount_session(
        ctx, session,
        {{DiscountRequest::Kind::PromotionCode, text_of(*found, "id"), "promotion_code"}});
}

std::optional<StripeError> discount_again(Context& ctx, Json& session) {
    return discount_session(ctx, session, requests_of(session));
}

std::optional<StripeError> check_session_discount(Context& ctx, const Json& session) {
    const auto redeemed = redeem(ctx, target_of_session(session), requests_of(session));
    if (redeemed) return std::nullopt;
    return redeemed.error();
}

void redeem_session_discount(Context& ctx, const Json& session) {
    // A payment that is under way stands, whoever has used the coupon up meanwhile.
    DiscountTarget target = target_of_session(session);
    target.payment = DiscountTarget::Payment::Made;
    const auto redeemed = redeem(ctx, target, requests_of(session));
    if (redeemed) store_redeemed(ctx, *redeemed);
}

std::optional<std::vector<Json>> redeem_on_invoice(Context& ctx, const Json& session,
                                                   const std::string& invoice) {
    DiscountTarget target = target_of_session(session);
    target.owner = "invoice";
    target.owner_id = invoice;
    target.payment = DiscountTarget::Payment::Made;
    const auto redeemed = redeem(ctx, target, requests_of(session));
    if (!redeemed) return std::nullopt;
    store_redeemed(ctx, *redeemed);
    return terms_of(*redeemed);
}

}  // namespace turnpike::twin
