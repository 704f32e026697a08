#include "sandbox/stripe/coupons/coupons.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/coupons/coupon_params.h"
#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kCoupon = "coupon";
constexpr std::size_t kCouponNameMax = 40;
constexpr std::size_t kCouponIdLength = 8;
constexpr std::int64_t kDurationMonthsMax = 1'200;

Json new_coupon(Context& ctx) {
    const auto random = ctx.new_id(kCoupon);
    Json coupon;
    coupon["id"] = random.substr(random.size() - kCouponIdLength);
    coupon["object"] = std::string(kCoupon);
    coupon["created"] = unix_seconds(ctx.now());
    coupon["duration"] = "once";
    coupon["livemode"] = false;
    coupon["metadata"] = Json::object();
    coupon["times_redeemed"] = 0;
    coupon["valid"] = true;
    for (const char* name : {"amount_off", "currency", "duration_in_months", "max_redemptions",
                             "name", "percent_off", "redeem_by"})
        coupon[name] = nullptr;
    return coupon;
}

/// As with a price, the options name the coupon's own currency too; that amount is not editable.
void merge_options(Params& params, const Json& options, Json& coupon) {
    if (!coupon.at("percent_off").is_null()) {
        if (!options.empty())
            params.complain(only_one_of(params, "currency_options", "percent_off"));
        return;
    }
    Json& all = coupon["currency_options"];
    const auto own = text_of(coupon, "currency");
    all[own]["amount_off"] = coupon.at("amount_off");
    for (const auto& [code, option] : options.items()) {
        if (code == own && option != all.at(own))
            params.complain(bad_param("currency_options[" + own + "][amount_off]", "",
                                      "The amount in the coupon's own currency is `amount_off`, "
                                      "which cannot be changed."));
        all[code] = option;
    }
}

/// percent_off, or amount_off with its currencies.
void read_worth(Params& params, Json& coupon) {
    const bool by_percent = params.has("percent_off");
    const bool by_amount = params.has("amount_off");
    const auto percent = read_percent(params, "percent_off");
    const auto currency = read_optional_currency(params);
    const auto amount = read_positive_amount(params, "amount_off", currency);
    const Json options = read_currency_options(params, "amount_off");
    if (!by_percent && !by_amount)
        params.complain(
            bad_param("", "parameter_missing", "Must provide percent_off or amount_off."));
    if (by_percent && by_amount)
        params.complain(
            bad_param("", "",
                      "Received both percent_off and amount_off parameters. Please pass "
                      "in only one."));
    if (by_amount && currency.empty())
        params.complain(
            bad_param("currency", "", "You must pass currency when passing amount_off"));
    if (percent) coupon["percent_off"] = *percent;
    if (amount) coupon["amount_off"] = *amount;
    if (amount) coupon["currency"] = currency;
    if (percent || amount) merge_options(params, options, coupon);
}

void read_duration(Params& params, Json& coupon) {
    if (const auto duration = params.one_of("duration", {"forever", "once", "repeating"}))
        coupon["duration"] = *duration;
    const auto months = read_positive(params, "duration_in_months");
    if (months > kDurationMonthsMax)
        params.complain(bad_param("duration_in_months", "parameter_invalid_integer",
                                  "This value must be less than or equal to " +
                                      std::to_string(kDurationMonthsMax) + "."));
    const bool repeats = text_of(coupon, "duration") == "repeating";
    if (repeats && !months)
        params.complain(bad_param("duration", "",
                                  "The duration_in_months param must be set when creating a coupon "
                                  "with a repeating duration"));
    if (!repeats && months)
        params.complain(bad_param("duration_in_months", "",
                                  "The duration_in_months param can only be set when creating a "
                                  "coupon with a repeating duration"));
    if (months) coupon["duration_in_months"] = *months;
}

/// The products that it is limited to: none given, no limit.
std::vector<std::string> read_products(Params& params) {
    auto given = params.object("applies_to");
    if (!given) return {};
    auto products = given->texts("products");
    params.absorb(*given);
    return products;
}

std::optional<Refusal> set_products(Context& ctx, const std::vector<std::string>& products,
                                    Json& coupon) {
    for (std::size_t i = 0; i < products.size(); ++i) {
        if (!ctx.find("product", products[i]))
            return no_such_param("product", products[i],
                                 "applies_to[products][" + std::to_string(i) + "]");
    }
    if (!products.empty()) coupon["applies_to"]["products"] = products;
    return std::nullopt;
}

void read_editable_coupon(Params& params, Json& coupon) {
    set_text(params, "name", coupon, kCouponNameMax);
    merge_metadata(coupon, params.metadata());
}

Refusal no_such_coupon(const std::string& id) {
    auto refusal = no_such_object("coupon", id);
    refusal.error().param = "coupon";
    return refusal;
}

Answer create_coupon(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json coupon = new_coupon(ctx);
    read_worth(params, coupon);
    read_duration(params, coupon);
    read_editable_coupon(params, coupon);
    if (const auto most = read_positive(params, "max_redemptions"))
        coupon["max_redemptions"] = *most;
    coupon["redeem_by"] = seconds_or_null(read_future(params, "redeem_by", ctx.now()));
    const auto products = read_products(params);
    const auto id = params.text("id").value_or("");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    if (!id.empty()) coupon["id"] = id;
    if (ctx.find(kCoupon, text_of(coupon, "id")))
        return bad_param("", "resource_already_exists", "Coupon already exists.");
    if (const auto refusal = set_products(ctx, products, coupon)) return *refusal;
    ctx.put(coupon);
    schedule_lapse(ctx, coupon);
    ctx.emit("coupon.created", coupon);
    return coupon;
}

Answer get_coupon(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto coupon = operation.ctx.find(kCoupon, operation.path("coupon"));
    if (!coupon) return no_such_coupon(operation.path("coupon"));
    return *std::move(coupon);
}

Answer update_coupon(Operation& operation) {
    auto& params = operation.params;
    auto coupon = operation.ctx.find(kCoupon, operation.path("coupon"));
    if (!coupon) return no_such_coupon(operation.path("coupon"));
    read_editable_coupon(params, *coupon);
    merge_options(params, read_currency_options(params, "amount_off"), *coupon);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    operation.ctx.update_and_emit("coupon.updated", *coupon);
    return *std::move(coupon);
}

/// Those who have redeemed it keep their discount.
Answer delete_coupon(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    const auto& id = operation.path("coupon");
    auto coupon = ctx.find(kCoupon, id);
    if (!coupon) return no_such_coupon(id);
    (*coupon)["valid"] = false;
    end_promotion_codes(ctx, id);
    ctx.remove(kCoupon, id);
    ctx.emit("coupon.deleted", *coupon);
    return Json{{"id", id}, {"object", std::string(kCoupon)}, {"deleted", true}};
}

Answer list_coupons(Operation& operation) {
    ListFilter filter;
    read_created(operation.params, filter);
    return list_objects(operation, kCoupon, filter);
}

constexpr auto kCouponRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/coupons", create_coupon},
    {"GET", "/v1/coupons", list_coupons},
    {"GET", "/v1/coupons/{coupon}", get_coupon},
    {"POST", "/v1/coupons/{coupon}", update_coupon},
    {"DELETE", "/v1/coupons/{coupon}", delete_coupon},
});

constexpr auto kCouponIncludables = std::to_array<Includable>({
    {"coupon", "applies_to", stored_member<"applies_to">},
    {"coupon", "currency_options", stored_member<"currency_options">},
});

constexpr auto kCouponSteps = std::to_array<EngineStep>({
    {"coupon", sure_step<settle_redemptions>},
    {"promotion_code", sure_step<settle_redemptions>},
});

}  // namespace

Refusal coupon_expired(const std::string& coupon, const std::string& param) {
    return bad_param(param, "coupon_expired", "Coupon expired: " + coupon);
}

const Feature& coupon_feature() {
    static constexpr Feature kFeature{
        .operations = kCouponRoutes, .includables = kCouponIncludables, .steps = kCouponSteps};
    return kFeature;
}

}  // namespace turnpike::twin
