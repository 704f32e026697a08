#include "sandbox/stripe/cards/tokens.h"

#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/card_sources.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kTokenKind = "token";

Answer create_token(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    for (const char* other : {"account", "bank_account", "customer", "cvc_update", "person", "pii"})
        params.refuse(other, "This sandbox makes tokens of cards only.");
    auto method = read_card(ctx, params, CardForm::Token);
    auto complaint = params.complaint();
    if (complaint && complaint->code != "parameter_unknown") return Refusal(*std::move(complaint));
    if (!method) return method;
    if (complaint) return Refusal(*std::move(complaint));
    Json card = *method;
    card["id"] = ctx.new_id("card");
    Json token;
    token["id"] = ctx.new_id("tok");
    token["object"] = std::string(kTokenKind);
    token["card"] = source_of(card);
    token["client_ip"] = nullptr;
    token["created"] = unix_seconds(ctx.now());
    token["livemode"] = false;
    token["type"] = "card";
    token["used"] = false;
    token["_method"] = *std::move(method);
    ctx.put(token);
    return token;
}

Answer get_token(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const std::string& id = operation.path("token");
    auto token = operation.ctx.find(kTokenKind, id);
    if (!token) return no_such_object("token", id);
    return *std::move(token);
}

constexpr auto kTokenRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/tokens", create_token},
    {"GET", "/v1/tokens/{token}", get_token},
});

}  // namespace

Outcome<Json> redeem_token(Context& ctx, const std::string& id, const std::string& param) {
    const TestCard* card = id.starts_with("tok_") ? card_by_name(id) : nullptr;
    if (card != nullptr) return card_payment_method(ctx, *card);
    if (is_lacking(id)) return lacking_refusal(id, param);
    auto token = ctx.find(kTokenKind, id);
    if (!token) return no_such_param("token", id, param);
    if (flag_of(*token, "used"))
        return bad_param(param, "token_already_used",
                         "You cannot use a Stripe token more than once: " + id + ".");
    (*token)["used"] = true;
    Json method = token->at("_method");
    ctx.put(*token);
    return method;
}

const Feature& token_feature() {
    static constexpr Feature kFeature{.operations = kTokenRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
