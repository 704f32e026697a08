#include "sandbox/stripe/coupons/promotion_codes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "base/letter_case.h"
#include "json/value.h"
#include "sandbox/stripe/coupons/coupon_params.h"
#include "sandbox/stripe/coupons/coupons.h"
#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kPromotionCode = "promotion_code";
constexpr std::size_t kGeneratedLength = 8;

Json new_promotion_code(Context& ctx) {
    const auto random = ctx.ids().body(ctx.now());
    Json code;
    code["id"] = ctx.new_id("promo");
    code["object"] = std::string(kPromotionCode);
    code["active"] = true;
    code["code"] = random.substr(random.size() - kGeneratedLength);
    code["created"] = unix_seconds(ctx.now());
    code["livemode"] = false;
    code["metadata"] = Json::object();
    code["restrictions"] = {{"first_time_transaction", false},
                            {"minimum_amount", nullptr},
                            {"minimum_amount_currency", nullptr}};
    code["times_redeemed"] = 0;
    for (const char* name : {"customer", "customer_account", "expires_at", "max_redemptions"})
        code[name] = nullptr;
    return code;
}

bool is_code_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
}

void read_code(Params& params, Json& code) {
    const auto given = params.text("code").value_or("");
    if (given.empty()) return;  // the generated one stays
    if (!std::ranges::all_of(given, is_code_character))
        params.complain(bad_param("code", "",
                                  "This value must match the regex pattern. "
                                  "(/\\A[a-zA-Z0-9\\-_]+\\z/ does not match for the value " +
                                      given + ")."));
    code["code"] = given;
}

void merge_minimums(Params& params, const Json& options, Json& restrictions) {
    if (options.empty()) return;
    const auto own = text_of(restrictions, "minimum_amount_currency");
    if (own.empty())
        params.complain(bad_param("restrictions[currency_options]", "",
                                  "You must pass minimum_amount when passing currency_options"));
    for (const auto& [currency, option] : options.items()) {
        if (currency == own)
            params.complain(bad_param("restrictions[currency_options][" + own + "]", "",
                                      "The minimum in the promotion code's own currency is "
                                      "`minimum_amount`, which cannot be changed."));
        restrictions["currency_options"][currency] = option;
    }
}

void read_restrictions(Params& params, Json& code) {
    auto given = params.object("restrictions");
    if (!given) return;
    Json& restrictions = code["restrictions"];
    set_boolean(*given, "first_time_transaction", restrictions);
    const bool has_currency = given->has("minimum_amount_currency");
    const auto currency =
        has_currency ? read_currency(*given, "minimum_amount_currency") : std::string();
    const auto minimum = read_positive_amount(*given, "minimum_amount", currency);
    if (has_currency != given->has("minimum_amount"))
        given->complain(missing_param(
            given->name_of(has_currency ? "minimum_amount" : "minimum_amount_currency")));
    if (minimum) restrictions["minimum_amount"] = *minimum;
    if (has_currency) restrictions["minimum_amount_currency"] = currency;
    merge_minimums(*given, read_currency_options(*given, "minimum_amount"), restrictions);
    params.absorb(*given);
}

struct NamedCoupon {
    std::string id;
    std::string param;
};

/// promotion{type, coupon}, or `coupon`, as it was until clover.
NamedCoupon read_promotion(Params& params) {
    if (params.has_retired("coupon") && !params.has("promotion"))
        return {params.required_text("coupon"), "coupon"};
    auto promotion = params.object("promotion");
    if (!promotion) {
        params.complain(missing_param("promotion"));
        return {};
    }
    if (!promotion->one_of("type", {"coupon"}))
        promotion->complain(missing_param(promotion->name_of("type")));
    const auto coupon = promotion->text("coupon").value_or("");
    if (coupon.empty())
        promotion->complain(bad_param("promotion.coupon", "",
                                      "You must pass promotion.coupon when passing promotion"));
    params.absorb(*promotion);
    return {coupon, "promotion[coupon]"};
}

/// A code is one word among those that a customer can use: no two active ones may compete.
std::optional<Refusal> claim_code(Context& ctx, const Json& code) {
    if (!flag_of(code, "active")) return std::nullopt;
    const auto word = text_of(code, "code");
    const auto customer = text_of(code, "customer");
    for (const auto& other : ctx.list(kPromotionCode, {})) {
        const auto theirs = text_of(other, "customer");
        const bool compete = customer.empty() || theirs.empty() || customer == theirs;
        if (compete && flag_of(other, "active") && text_of(other, "id") != text_of(code, "id") &&
            equal_ignoring_case(text_of(other, "code"), word))
            return bad_param("", "",
                             "An active promotion code with `code: " + text_of(code, "code") +
                                 "` already exists.");
    }
    return std::nullopt;
}

/// A promotion code is never good for more than its coupon is.
std::optional<Refusal> check_against_coupon(const Json& code, const Json& coupon) {
    const auto redeem_by = instant_of(coupon, "redeem_by");
    const auto expires_at = instant_of(code, "expires_at");
    if (redeem_by && expires_at && *expires_at > *redeem_by)
        return bad_param("expires_at", "",
                         "The promotion code cannot expire after the coupon's `redeem_by`.");
    const auto most = integer_of(coupon, "max_redemptions");
    if (most > 0 && integer_of(code, "max_redemptions") > most)
        return bad_param("max_redemptions", "",
                         "The promotion code's `max_redemptions` cannot be greater than the "
                         "coupon's `max_redemptions`.");
    return std::nullopt;
}

Answer create_promotion_code(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json code = new_promotion_code(ctx);
    const auto named = read_promotion(params);
    read_code(params, code);
    read_restrictions(params, code);
    set_boolean(params, "active", code);
    set_text(params, "customer", code);
    code["expires_at"] = seconds_or_null(read_future(params, "expires_at", ctx.now()));
    if (const auto most = read_positive(params, "max_redemptions")) code["max_redemptions"] = *most;
    merge_metadata(code, params.metadata());
    params.refuse("customer_account", "This sandbox has no accounts as customers.");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    const auto coupon = ctx.find("coupon", named.id);
    if (!coupon) return no_such_param("coupon", named.id, named.param);
    if (!is_redeemable(*coupon, ctx.now())) return coupon_expired(named.id, named.param);
    const auto customer = text_of(code, "customer");
    if (!customer.empty() && !ctx.find("customer", customer))
        return no_such_param("customer", customer, "customer");
    if (const auto refusal = check_against_coupon(code, *coupon)) return *refusal;
    if (const auto refusal = claim_code(ctx, code)) return *refusal;
    code["promotion"] = {{"coupon", named.id}, {"type", "coupon"}};
    ctx.put(code);
    schedule_lapse(ctx, code);
    ctx.emit("promotion_code.created", code);
    return code;
}

Refusal no_such_promotion_code(const std::string& id) {
    auto refusal = no_such_object("promotion code", id);
    refusal.error().param = std::string(kPromotionCode);
    return refusal;
}

Answer get_promotion_code(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto code = operation.ctx.find(kPromotionCode, operation.path("promotion_code"));
    if (!code) return no_such_promotion_code(operation.path("promotion_code"));
    return *std::move(code);
}

/// Only what could be redeemed again can be switched on again.
std::optional<Refusal> check_activation(Context& ctx, const Json& code) {
    const auto coupon = ctx.find("coupon", coupon_of(code));
    if (!coupon || !is_redeemable(*coupon, ctx.now()))
        return coupon_expired(coupon_of(code), "active");
    if (!has_room(code, ctx.now()))
        return bad_param("active", "",
                         "This promotion code cannot be activated because it has expired or has "
                         "been redeemed as often as it may be.");
    return claim_code(ctx, code);
}

Answer update_promotion_code(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    auto code = ctx.find(kPromotionCode, operation.path("promotion_code"));
    if (!code) return no_such_promotion_code(operation.path("promotion_code"));
    const bool was_active = flag_of(*code, "active");
    set_boolean(params, "active", *code);
    merge_metadata(*code, params.metadata());
    if (auto given = params.object("restrictions")) {
        merge_minimums(*given, read_currency_options(*given, "minimum_amount"),
                       (*code)["restrictions"]);
        params.absorb(*given);
    }
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (flag_of(*code, "active") && !was_active) {
        if (const auto refusal = check_activation(ctx, *code)) return *refusal;
    }
    ctx.update_and_emit("promotion_code.updated", *code);
    schedule_lapse(ctx, *code);
    return *std::move(code);
}

Answer list_promotion_codes(Operation& operation) {
    auto& params = operation.params;
    const auto active = params.boolean("active");
    const auto word = params.text("code").value_or("");
    ListFilter filter{.customer = params.text("customer").value_or(""),
                      .parent = params.text("coupon").value_or("")};
    read_created(params, filter);
    return list_objects(operation, kPromotionCode, filter, [&](const Json& code) {
        return (!active || flag_of(code, "active") == *active) &&
               (word.empty() || equal_ignoring_case(text_of(code, "code"), word));
    });
}

constexpr auto kPromotionCodeRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/promotion_codes", create_promotion_code},
    {"GET", "/v1/promotion_codes", list_promotion_codes},
    {"GET", "/v1/promotion_codes/{promotion_code}", get_promotion_code},
    {"POST", "/v1/promotion_codes/{promotion_code}", update_promotion_code},
});

constexpr auto kPromotionCodeExpandables = std::to_array<Expandable>({
    {"promotion_code", "customer", "customer"},
    {"promotion_code", "promotion.coupon", "coupon"},
});

/// Shown whether expanded or not, where there are any.
Json own_options(Context&, const Json&) { return Json(); }

constexpr auto kPromotionCodeIncludables = std::to_array<Includable>({
    {"promotion_code", "restrictions.currency_options", own_options},
});

}  // namespace

std::string coupon_of(const Json& promotion_code) {
    return text_of(part_of(promotion_code, "promotion"), "coupon");
}

const Feature& promotion_code_feature() {
    static constexpr Feature kFeature{.operations = kPromotionCodeRoutes,
                                      .expandables = kPromotionCodeExpandables,
                                      .includables = kPromotionCodeIncludables};
    return kFeature;
}

}  // namespace turnpike::twin
