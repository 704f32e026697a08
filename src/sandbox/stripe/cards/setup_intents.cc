#include "sandbox/stripe/cards/setup_intents.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/method_options.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json setup_options() {
    Json card;
    card["mandate_options"] = nullptr;
    card["network"] = nullptr;
    card["request_three_d_secure"] = "automatic";
    Json options;
    options["card"] = std::move(card);
    return options;
}

/// The issuer's refusal to have this card kept; nullptr if it agrees.
const Decline* decline_of(const Json& method) {
    const TestCard* card = card_of_payment_method(method);
    return card == nullptr ? nullptr : card->on_attach;
}

/// A decline at set-up always has a decline code.
StripeError refusal_at_setup(const Decline& decline) {
    StripeError error = declined(decline).error();
    if (error.decline_code.empty()) error.decline_code = error.code;
    if (error.code == "expired_card") error.param = "exp_month";
    return error;
}

/// A card is set up while its holder is there, so every card that can ask does.
bool asks_at_setup(const Json& method) {
    const TestCard* card = card_of_payment_method(method);
    return card != nullptr && card->authentication != Authentication::Never;
}

Json last_setup_error(const StripeError& error, const Json& method) {
    Json last = error.extra.is_object() ? error.extra : Json::object();
    if (!error.code.empty()) {
        last["code"] = error.code;
        last["doc_url"] = doc_url_of(error.code);
    }
    if (!error.decline_code.empty()) last["decline_code"] = error.decline_code;
    if (!error.param.empty()) last["param"] = error.param;
    last["message"] = error.message;
    last["payment_method"] = visible(method);
    last["type"] = error.type;
    return last;
}

SetupConfirmation fail_setup(Context& ctx, Json intent, const Json& method, StripeError error) {
    const Json last = last_setup_error(error, method);
    move_setup_attempt(ctx, text_of(intent, "latest_attempt"), "failed", last);
    intent["last_setup_error"] = last;
    intent["next_action"] = nullptr;
    intent["payment_method"] = nullptr;
    intent["status"] = "requires_payment_method";
    ctx.put(intent);
    ctx.emit("setup_intent.setup_failed", intent);
    if (!error.extra.is_object()) error.extra = Json::object();
    error.extra["payment_method"] = visible(method);
    error.extra["setup_intent"] = visible(intent);
    return {std::move(intent), std::move(error)};
}

SetupConfirmation finish_setup(Context& ctx, Json intent, const Json& method) {
    if (const std::string customer = text_of(intent, "customer"); !customer.empty()) {
        const auto attached = attach_payment_method(ctx, method, customer);
        if (!attached) return fail_setup(ctx, std::move(intent), method, attached.error());
    }
    move_setup_attempt(ctx, text_of(intent, "latest_attempt"), "succeeded");
    intent["last_setup_error"] = nullptr;
    intent["next_action"] = nullptr;
    intent["status"] = "succeeded";
    ctx.put(intent);
    ctx.emit("setup_intent.succeeded", intent);
    return {std::move(intent), std::nullopt};
}

SetupConfirmation ask_at_setup(Context& ctx, Json intent) {
    Json action;
    action["redirect_to_url"]["return_url"] = text_or_null(text_of(intent, "_return_url"));
    action["redirect_to_url"]["url"] = ctx.base_url() + "/p/setup/" + text_of(intent, "id");
    action["type"] = "redirect_to_url";
    move_setup_attempt(ctx, text_of(intent, "latest_attempt"), "requires_action");
    intent["last_setup_error"] = nullptr;
    intent["next_action"] = std::move(action);
    intent["status"] = "requires_action";
    ctx.put(intent);
    ctx.emit("setup_intent.requires_action", intent);
    return {std::move(intent), std::nullopt};
}

StripeError authentication_failed() {
    StripeError error;
    error.code = "setup_intent_authentication_failure";
    error.message =
        "The provided PaymentMethod has failed authentication. You can provide "
        "payment_method_data or a new PaymentMethod to attempt to fulfill this SetupIntent again.";
    return error;
}

}  // namespace

Json new_setup_intent(Context& ctx, const std::string& customer) {
    const std::string id = ctx.new_id("seti");
    Json intent;
    intent["id"] = id;
    intent["object"] = std::string(kSetupIntentKind);
    intent["client_secret"] = client_secret_of(ctx, id);
    intent["created"] = unix_seconds(second_of(ctx, customer));
    intent["customer"] = text_or_null(customer);
    for (const char* member :
         {"application", "automatic_payment_methods", "cancellation_reason", "customer_account",
          "description", "excluded_payment_method_types", "flow_directions", "last_setup_error",
          "latest_attempt", "mandate", "next_action", "on_behalf_of", "payment_method",
          "payment_method_configuration_details", "single_use_mandate"})
        intent[member] = nullptr;
    intent["livemode"] = false;
    intent["metadata"] = Json::object();
    intent["payment_method_options"] = setup_options();
    intent["payment_method_types"] = Json::array({"card"});
    intent["status"] = "requires_payment_method";
    intent["usage"] = "off_session";
    return intent;
}

bool waits_for_setup(const Json& method) {
    return asks_at_setup(method) && !flag_of(method, "_authenticated");
}

void abandon_setup_action(Context& ctx, Json& intent) {
    if (text_of(intent, "status") != "requires_action") return;
    move_setup_attempt(ctx, text_of(intent, "latest_attempt"), "abandoned");
    intent["next_action"] = nullptr;
}

SetupConfirmation confirm_setup_intent(Context& ctx, Json intent, const Json& given) {
    const Json method = with_checked_code(ctx, given);
    abandon_setup_action(ctx, intent);
    intent["payment_method"] = method.at("id");
    intent["latest_attempt"] = start_setup_attempt(ctx, intent, method);
    if (const Decline* decline = decline_of(method))
        return fail_setup(ctx, std::move(intent), method, refusal_at_setup(*decline));
    if (asks_at_setup(method)) return ask_at_setup(ctx, std::move(intent));
    return finish_setup(ctx, std::move(intent), method);
}

SetupConfirmation answer_setup_intent(Context& ctx, Json intent, CardholderAnswer answer) {
    const std::string id = text_of(intent, "payment_method");
    auto method = ctx.find("payment_method", id);
    if (!method) {
        StripeError missing = no_such_param("PaymentMethod", id, "payment_method").error();
        return {std::move(intent), std::move(missing)};
    }
    note_setup_answer(ctx, text_of(intent, "latest_attempt"), answer);
    if (answer == CardholderAnswer::Refused)
        return fail_setup(ctx, std::move(intent), *method, authentication_failed());
    (*method)["_authenticated"] = true;
    ctx.put(*method);
    return finish_setup(ctx, std::move(intent), *method);
}

Json cancel_setup_intent(Context& ctx, Json intent, const std::string& reason) {
    const std::string status = text_of(intent, "status");
    if (status == "succeeded" || status == "canceled") return intent;
    abandon_setup_action(ctx, intent);
    intent["cancellation_reason"] = text_or_null(reason);
    intent["status"] = "canceled";
    ctx.put(intent);
    ctx.emit("setup_intent.canceled", intent);
    return intent;
}

}  // namespace turnpike::twin
