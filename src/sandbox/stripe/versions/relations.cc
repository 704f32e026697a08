#include "sandbox/stripe/versions/relations.h"

#include <array>
#include <string>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/catalog/plans.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json found_or_null(Context& ctx, std::string_view kind, const std::string& id) {
    if (id.empty()) return Json();
    const auto object = ctx.find(kind, id);
    return object ? visible(*object) : Json();
}

/// `reference` is an id, or the object already.
Json object_of(Context& ctx, std::string_view kind, const Json& reference) {
    if (reference.is_object()) return reference;
    return reference.is_string() ? found_or_null(ctx, kind, reference.get<std::string>()) : Json();
}

std::string id_of(const Json& reference) {
    return reference.is_string() ? reference.get<std::string>() : text_of(reference, "id");
}

void relate_coupon(Context& ctx, Json& object, const char* source) {
    const Json& part = part_of(object, source);
    if (part.contains("coupon")) object["_coupon"] = object_of(ctx, "coupon", part.at("coupon"));
}

/// Older shapes have room for one discount: the last.
void relate_discount(Context& ctx, Json& object) {
    const Json& discounts = part_of(object, "discounts");
    object["_discount"] = discounts.empty() ? Json() : object_of(ctx, "discount", discounts.back());
}

void relate_invoice(Context& ctx, Json& invoice) {
    relate_discount(ctx, invoice);
    const auto stored = ctx.find("invoice", text_of(invoice, "id"));
    if (!stored) return;
    const auto intent_id = text_of(*stored, "_payment_intent");
    const auto intent = ctx.find("payment_intent", intent_id);
    const auto payment = ctx.find("invoice_payment", text_of(*stored, "_invoice_payment"));
    invoice["_payment"] =
        Json{{"payment_intent", text_or_null(intent_id)},
             {"charge", text_or_null(intent ? text_of(*intent, "latest_charge") : "")},
             {"paid", payment && text_of(*payment, "status") == "paid"}};
}

void relate_line(Context& ctx, Json& line) {
    const Json& details = part_of(part_of(line, "pricing"), "price_details");
    if (!details.contains("price")) return;
    Json price = object_of(ctx, "price", details.at("price"));
    if (!part_of(price, "recurring").empty()) line["_plan"] = visible(plan_of(price));
    line["_price"] = std::move(price);
}

void relate_payment(Context& ctx, Json& payment, const std::string& intent_id) {
    const auto intent = ctx.find("payment_intent", intent_id);
    payment["_invoice"] = text_or_null(intent ? text_of(*intent, "_invoice") : "");
}

void relate_payment_intent(Context& ctx, Json& intent) {
    const auto id = text_of(intent, "id");
    relate_payment(ctx, intent, id);
    if (id.empty()) return;
    Json charges = Json::array();
    for (const Json& charge : ctx.list("charge", {.parent = id}))
        charges.push_back(visible(charge));
    intent["_charges"] = std::move(charges);
}

void relate_charge(Context& ctx, Json& charge) {
    if (charge.contains("payment_intent"))
        relate_payment(ctx, charge, id_of(charge.at("payment_intent")));
    const auto id = text_of(charge, "id");
    if (id.empty() || charge.contains("refunds")) return;
    charge["_refunds"] = visible(
        complete_list("/v1/charges/" + id + "/refunds", ctx.list("refund", {.parent = id})));
}

struct Relation {
    std::string_view kind;
    void (*relate)(Context&, Json&);
};
constexpr auto kRelations = std::to_array<Relation>({
    {"charge", relate_charge},
    {"discount", [](Context& ctx, Json& object) { relate_coupon(ctx, object, "source"); }},
    {"invoice", relate_invoice},
    {"line_item", relate_line},
    {"payment_intent", relate_payment_intent},
    {"promotion_code", [](Context& ctx, Json& object) { relate_coupon(ctx, object, "promotion"); }},
    {"subscription", relate_discount},
});

constexpr auto kExpandables = std::to_array<Expandable>({
    {"charge", "invoice", "invoice"},
    {"invoice", "charge", "charge"},
    {"invoice", "payment_intent", "payment_intent"},
    {"invoice", "subscription", "subscription"},
    {"payment_intent", "invoice", "invoice"},
});

}  // namespace

void relate(Context& ctx, Json& object) {
    const auto kind = text_of(object, "object");
    for (const auto& relation : kRelations)
        if (relation.kind == kind) relation.relate(ctx, object);
}

const Feature& version_feature() {
    static constexpr Feature kFeature{.expandables = kExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
