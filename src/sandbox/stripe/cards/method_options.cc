#include "sandbox/stripe/cards/method_options.h"

#include <algorithm>
#include <array>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

// PaymentIntentCreateParams.payment_method_types of Stripe's reference.
constexpr auto kStripeTypes = std::to_array<std::string_view>({
    "acss_debit",
    "affirm",
    "afterpay_clearpay",
    "alipay",
    "alma",
    "amazon_pay",
    "au_becs_debit",
    "bacs_debit",
    "bancontact",
    "billie",
    "blik",
    "boleto",
    "card",
    "card_present",
    "cashapp",
    "crypto",
    "custom",
    "customer_balance",
    "eps",
    "fpx",
    "giropay",
    "grabpay",
    "ideal",
    "interac_present",
    "kakao_pay",
    "klarna",
    "konbini",
    "kr_card",
    "link",
    "mb_way",
    "mobilepay",
    "multibanco",
    "naver_pay",
    "nz_bank_account",
    "oxxo",
    "p24",
    "pay_by_bank",
    "payco",
    "paynow",
    "paypal",
    "payto",
    "pix",
    "promptpay",
    "revolut_pay",
    "samsung_pay",
    "satispay",
    "sepa_debit",
    "sofort",
    "swish",
    "twint",
    "us_bank_account",
    "wechat_pay",
    "zip",
});

bool is_among(std::span<const std::string_view> types, std::string_view type) {
    return std::ranges::find(types, type) != types.end();
}

std::string type_problem(const std::string& type, const IntentMethods& intent) {
    if (!is_among(kStripeTypes, type))
        return "The payment method type \"" + type +
               "\" is invalid. Please ensure the provided type is activated in your dashboard "
               "(https://dashboard.stripe.com/account/payments/settings) and your account is "
               "enabled for any preview features that you are trying to use. See "
               "https://stripe.com/docs/payments/payment-methods/integration-options for supported "
               "payment method, country, and currency combinations.";
    std::string known;
    for (const auto one : intent.types) known += (known.empty() ? "" : " and ") + std::string(one);
    return "This sandbox does not have the payment method type \"" + type + "\": it knows " +
           known + " of " + std::string(intent.noun) + "s.";
}

std::string joined(const Json& texts) {
    std::string list;
    for (const auto& text : texts) list += (list.empty() ? "" : ", ") + text.get<std::string>();
    return list;
}

}  // namespace

std::optional<std::vector<std::string>> read_method_types(Params& params,
                                                          const IntentMethods& intent) {
    if (!params.has("payment_method_types")) return std::nullopt;
    auto types = params.texts("payment_method_types");
    const std::string code = intent.noun == "SetupIntent" ? "setup_intent_invalid_parameter"
                                                          : "payment_intent_invalid_parameter";
    for (const auto& type : types)
        if (!is_among(intent.types, type))
            params.complain(bad_param("payment_method_types", code, type_problem(type, intent)));
    if (types.empty()) return std::nullopt;
    return types;
}

std::optional<std::string> read_method_type(Params& params, std::string_view name) {
    static constexpr std::array<std::string_view, 2> kHere{"card", "sepa_debit"};
    auto type = params.one_of(name, {kStripeTypes.begin(), kStripeTypes.end()});
    if (!type || is_among(kHere, *type)) return type;
    params.complain(bad_param(params.name_of(name), "",
                              "This sandbox does not have payment methods of the type " + *type +
                                  ": it knows card and sepa_debit."));
    return std::nullopt;
}

std::optional<StripeError> usability_problem(const Json& method, const std::string& customer,
                                             std::string_view noun) {
    const std::string id = text_of(method, "id");
    const std::string owner = text_of(method, "customer");
    const auto problem = [](const std::string& message) {
        return bad_param("payment_method", "", message).error();
    };
    if (flag_of(method, "_detached") || flag_of(method, "_used_up"))
        return problem(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was "
            "detached from a Customer. It may not be used again. To use a PaymentMethod multiple "
            "times, you must attach it to a Customer first.");
    if (owner.empty() || owner == customer) return std::nullopt;
    if (customer.empty())
        return problem("The payment method supplied (" + id + ") belongs to the Customer " + owner +
                       ". Please include the Customer in the `customer` parameter on the " +
                       std::string(noun) + ".");
    return problem("The PaymentMethod " + id + " does not belong to the Customer you supplied " +
                   customer +
                   ". Please use this PaymentMethod with the Customer that it belongs to instead.");
}

std::optional<StripeError> type_mismatch(const Json& method, const Json& intent,
                                         std::string_view noun) {
    const std::string type = text_of(method, "type");
    const Json& types = intent.at("payment_method_types");
    if (std::ranges::find(types, Json(type)) != types.end()) return std::nullopt;
    return bad_param("payment_method", "",
                     "The PaymentMethod provided (" + type + ") is not allowed for this " +
                         std::string(noun) +
                         ". Please attach a PaymentMethod of one of the following types: " +
                         joined(types) +
                         ". Alternatively update the allowed payment_method_types for this " +
                         std::string(noun) + " to include \"" + type + "\".")
        .error();
}

Json read_automatic_methods(Params& params) {
    Json automatic{{"allow_redirects", "always"}, {"enabled", true}};
    const bool listed = params.has("payment_method_types");
    auto given = params.object("automatic_payment_methods");
    if (!given) return listed ? Json() : automatic;
    set_boolean(*given, "enabled", automatic);
    if (const auto redirects = given->one_of("allow_redirects", {"always", "never"}))
        automatic["allow_redirects"] = *redirects;
    params.absorb(*given);
    if (!flag_of(automatic, "enabled")) return {};
    if (listed)
        params.complain(only_one_of(params, "automatic_payment_methods", "payment_method_types"));
    return automatic;
}

std::string client_secret_of(Context& ctx, const std::string& intent) {
    return intent + "_secret_" + ctx.new_id("x").substr(2) + ctx.new_id("x").substr(2);
}

std::optional<StripeError> return_problem(const Json& intent,
                                          const std::optional<std::string>& return_url,
                                          std::string_view noun) {
    const std::string redirects =
        text_of(part_of(intent, "automatic_payment_methods"), "allow_redirects");
    if (redirects != "always" || !return_url.value_or("").empty()) return std::nullopt;
    return bad_param("", "",
                     "This " + std::string(noun) +
                         " is configured to accept payment methods enabled in your Dashboard. "
                         "Because some of these payment methods might redirect your customer off "
                         "of your page, you must provide a `return_url`. If you don't want to "
                         "accept redirect-based payment methods, set "
                         "`automatic_payment_methods[enabled]` to `true` and "
                         "`automatic_payment_methods[allow_redirects]` to `never` when creating "
                         "Setup Intents and Payment Intents.")
        .error();
}

std::optional<std::string> read_three_d_secure(Params& params) {
    auto options = params.object("payment_method_options");
    if (!options) return std::nullopt;
    auto card = options->object("card");
    std::optional<std::string> request;
    if (card) {
        request = card->one_of("request_three_d_secure", {"any", "automatic", "challenge"});
        options->absorb(*card);
    }
    params.absorb(*options);
    return request;
}

void set_three_d_secure(Json& intent, const std::optional<std::string>& request) {
    if (request) intent["payment_method_options"]["card"]["request_three_d_secure"] = *request;
}

}  // namespace turnpike::twin
