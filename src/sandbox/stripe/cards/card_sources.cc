#include "sandbox/stripe/cards/card_sources.h"

#include <array>
#include <string_view>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/cards/tokens.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kSource = "card";

/// Sources spell the brands as Stripe once did everywhere.
std::string source_brand(const std::string& brand) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kBrands{{
        {"amex", "American Express"},
        {"diners", "Diners Club"},
        {"discover", "Discover"},
        {"jcb", "JCB"},
        {"mastercard", "MasterCard"},
        {"unionpay", "UnionPay"},
        {"visa", "Visa"},
    }};
    for (const auto& [name, spelling] : kBrands)
        if (name == brand) return std::string(spelling);
    return "Unknown";
}

/// The new card, attached to nobody yet and not stored.
Outcome<Json> card_of_token(Context& ctx, const std::string& token) {
    auto method = redeem_token(ctx, token, "source");
    if (!method) return method;
    const TestCard* card = card_of_payment_method(*method);
    if (card != nullptr && card->on_attach != nullptr) return declined(*card->on_attach);
    (*method)["id"] = ctx.new_id(kSource);
    return method;
}

}  // namespace

Json source_of(const Json& method) {
    const Json& card = part_of(method, "card");
    const Json& checks = part_of(card, "checks");
    const Json& billing = part_of(method, "billing_details");
    const Json& address = part_of(billing, "address");
    Json source;
    source["id"] = method.at("id");
    source["object"] = std::string(kSource);
    for (const char* line : {"city", "country", "line1", "line2", "state"})
        source[std::string("address_") + line] = address.value(line, Json());
    source["address_line1_check"] = checks.value("address_line1_check", Json());
    source["address_zip"] = address.value("postal_code", Json());
    source["address_zip_check"] = checks.value("address_postal_code_check", Json());
    source["allow_redisplay"] = method.at("allow_redisplay");
    source["brand"] = source_brand(text_of(card, "brand"));
    for (const char* member : {"country", "exp_month", "exp_year", "fingerprint", "funding",
                               "last4", "regulated_status"})
        source[member] = card.value(member, Json());
    source["customer"] = method.at("customer");
    source["cvc_check"] = checks.value("cvc_check", Json());
    source["dynamic_last4"] = nullptr;
    source["metadata"] = method.at("metadata");
    source["name"] = billing.value("name", Json());
    source["tokenization_method"] = nullptr;
    return source;
}

Outcome<Json> add_source(Context& ctx, const Json& customer, const std::string& token,
                         const std::optional<Json>& metadata) {
    auto method = card_of_token(ctx, token);
    if (!method) return method;
    (*method)["customer"] = customer.at("id");
    merge_metadata(*method, metadata);
    Json source = source_of(*method);
    ctx.put(*method);
    ctx.put(source);
    ctx.emit("customer.source.created", source);
    ctx.emit("payment_method.attached", *method);
    return source;
}

std::optional<Refusal> set_source(Context& ctx, Json& customer, const std::string& token) {
    const auto source = add_source(ctx, customer, token, std::nullopt);
    if (!source) return Refusal(source.error());
    const std::string former = text_of(customer, "default_source");
    customer["default_source"] = source->at("id");
    auto replaced = ctx.find("payment_method", former);
    if (!replaced) return std::nullopt;

    // Detaching changes the stored customer, so what the request changed goes there first.
    ctx.update_and_emit("customer.updated", customer);
    detach_payment_method(ctx, *std::move(replaced));
    customer = ctx.find("customer", text_of(customer, "id")).value_or(customer);
    return std::nullopt;
}

std::optional<Refusal> choose_source(Context& ctx, Json& customer, const std::string& id) {
    const auto source = ctx.find(kSource, id);
    if (!source || text_of(*source, "customer") != text_of(customer, "id"))
        return no_such_param("source", id, "default_source");
    customer["default_source"] = id;
    return std::nullopt;
}

void follow_method(Context& ctx, const Json& method) {
    if (!ctx.find(kSource, text_of(method, "id"))) return;
    ctx.update_and_emit("customer.source.updated", source_of(method));
}

void drop_source(Context& ctx, Json& customer, const std::string& id) {
    const auto source = ctx.find(kSource, id);
    if (!source) return;
    ctx.remove(kSource, id);
    ctx.emit("customer.source.deleted", *source);
    if (text_of(customer, "default_source") != id) return;
    const auto others = ctx.list(kSource, {.customer = text_of(customer, "id")});
    customer["default_source"] = others.empty() ? Json() : others.front().at("id");
}

}  // namespace turnpike::twin
