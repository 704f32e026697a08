#include "sandbox/stripe/versions/version_steps.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/versions/basil_steps.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kBasil = "2025-03-31.basil";
constexpr std::string_view kRenderingOptions = "2024-04-10";
constexpr std::string_view kLatestCharge = "2022-11-15";

Json with_coupon(Json object, const char* source) {
    object["coupon"] = taken(object, "_coupon");
    object.erase(source);
    return object;
}

Json discount_before_clover(Json discount) { return with_coupon(std::move(discount), "source"); }

Json promotion_code_before_clover(Json code) { return with_coupon(std::move(code), "promotion"); }

Json invoice_with_rendering_options(Json invoice) {
    invoice["rendering_options"] = nullptr;
    return invoice;
}

Json payment_intent_with_charges(Json intent) {
    Json charges = taken(intent, "_charges");
    if (!charges.is_array()) charges = Json::array();
    intent["charges"] = complete_list("/v1/charges?payment_intent=" + text_of(intent, "id"),
                                      charges.get<std::vector<Json>>());
    return intent;
}

Json charge_with_refunds(Json charge) {
    Json refunds = taken(charge, "_refunds");
    if (refunds.is_object()) charge["refunds"] = std::move(refunds);
    return charge;
}

constexpr auto kSteps = std::to_array<VersionStep>({
    {kClover, "discount", discount_before_clover},
    {kClover, "promotion_code", promotion_code_before_clover},
    {kBasil, "subscription", subscription_before_basil},
    {kBasil, "invoice", invoice_before_basil},
    {kBasil, "line_item", line_item_before_basil},
    {kBasil, "payment_intent", payment_before_basil},
    {kBasil, "charge", payment_before_basil},
    {kBasil, "price", price_before_basil},
    {kBasil, "plan", plan_before_basil},
    {kRenderingOptions, "invoice", invoice_with_rendering_options},
    {kLatestCharge, "payment_intent", payment_intent_with_charges},
    {kLatestCharge, "charge", charge_with_refunds},
});

struct UnknownShape {
    std::string_view kind;
    std::string_view before;
};
/// Of these the specification says that a version changed them, or they began with it.
constexpr auto kUnknownShapes = std::to_array<UnknownShape>({
    {"checkout.session", kBasil},
    {"credit_note", kBasil},
    {"credit_note_line_item", kBasil},
    {"invoice_payment", kBasil},
    {"invoiceitem", kBasil},
    {"subscription_schedule", kBasil},
});

/// What no step of this version has asked for.
void drop_private_members(Json& object) {
    for (auto member = object.begin(); member != object.end();)
        member = member.key().starts_with('_') ? object.erase(member) : std::next(member);
}

bool is_event(const Json& document) { return text_of(document, "object") == "event"; }

}  // namespace

Json taken(Json& object, const char* name) {
    Json value = object.contains(name) ? object[name] : Json();
    object.erase(name);
    return value;
}

std::span<const VersionStep> version_steps() { return kSteps; }

bool is_older(std::string_view version, std::string_view other) {
    constexpr std::size_t kDateLength = 10;
    return version.substr(0, kDateLength) < other.substr(0, kDateLength);
}

Json undo_versions(Json document, std::string_view version) {
    if (document.is_object()) {
        if (is_event(document)) return document;
        const auto kind = text_of(document, "object");
        for (const auto& step : kSteps)
            if (step.kind == kind && is_older(version, step.version))
                document = step.undo(std::move(document));
        drop_private_members(document);
    }
    return with_parts(std::move(document),
                      [version](Json part) { return undo_versions(std::move(part), version); });
}

std::optional<std::string> unknown_kind(const Json& document, std::string_view version) {
    if (!document.is_structured() || is_event(document)) return std::nullopt;
    if (document.is_object()) {
        const auto kind = text_of(document, "object");
        const bool unknown = std::ranges::any_of(kUnknownShapes, [&](const UnknownShape& shape) {
            return shape.kind == kind && is_older(version, shape.before);
        });
        if (unknown) return kind;
    }
    if (document.is_array()) {
        for (const Json& part : document)
            if (auto kind = unknown_kind(part, version)) return kind;
        return std::nullopt;
    }
    for (const auto& [name, part] : document.items())
        if (!is_client_data(name))
            if (auto kind = unknown_kind(part, version)) return kind;
    return std::nullopt;
}

}  // namespace turnpike::twin
