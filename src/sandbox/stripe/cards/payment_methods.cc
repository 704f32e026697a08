#include "sandbox/stripe/cards/payment_methods.h"

#include <array>
#include <utility>

#include "sandbox/stripe/cards/card_sources.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/method_options.h"
#include "sandbox/stripe/cards/sepa_debit.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kPaymentMethodKind = "payment_method";
constexpr std::string_view kUsedBefore =
    "This PaymentMethod was previously used without being attached to a Customer or was detached "
    "from a Customer, and may not be used again.";

/// In a path, Stripe names the missing method "payment_method" and answers 404.
Refusal no_such_method(const std::string& id) {
    auto refusal = no_such_object("PaymentMethod", id);
    refusal.error().param = "payment_method";
    return refusal;
}

Refusal unusable(const std::string& message) {
    return bad_param("payment_method", "payment_method_unexpected_state", message);
}

Outcome<Json> method_of_path(Operation& operation) {
    const auto& id = operation.path("payment_method");
    auto method = resolve_payment_method(operation.ctx, id, "payment_method");
    if (!method && method.error().code == "resource_missing") return no_such_method(id);
    return method;
}

void forget_default(Context& ctx, const std::string& customer_id, const std::string& method_id) {
    auto customer = ctx.find("customer", customer_id);
    if (customer) {
        if (text_of(part_of(*customer, "invoice_settings"), "default_payment_method") == method_id)
            (*customer)["invoice_settings"]["default_payment_method"] = nullptr;
        drop_source(ctx, *customer, method_id);
        ctx.update_and_emit("customer.updated", *customer);
    }
    for (auto& subscription : ctx.list("subscription", {.customer = customer_id})) {
        const Json before = subscription;
        for (const char* member : {"default_payment_method", "default_source"})
            if (text_of(subscription, member) == method_id) subscription[member] = nullptr;
        if (subscription != before)
            ctx.update_and_emit("customer.subscription.updated", subscription);
    }
}

std::optional<std::string> read_redisplay(Params& params) {
    return params.one_of("allow_redisplay", {"always", "limited", "unspecified"});
}

void read_common(Params& params, Json& method) {
    set_billing_details(params, method);
    if (const auto redisplay = read_redisplay(params)) method["allow_redisplay"] = *redisplay;
    merge_metadata(method, params.metadata());
}

Answer create_payment_method(Operation& operation) {
    operation.params.refuse(
        "customer",
        "You cannot attach a PaymentMethod to a Customer during PaymentMethod creation. Please "
        "instead create the PaymentMethod and then attach it using the attachment method of the "
        "PaymentMethods API.");
    auto method = read_new_payment_method(operation.ctx, operation.params);
    if (!method) return method;
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    operation.ctx.put(*method);
    return method;
}

Answer get_payment_method(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("payment_method");
    auto method = operation.ctx.find(kPaymentMethodKind, id);
    if (!method) return no_such_method(id);
    return *std::move(method);
}

Answer update_payment_method(Operation& operation) {
    auto& params = operation.params;
    const auto& id = operation.path("payment_method");
    auto method = operation.ctx.find(kPaymentMethodKind, id);
    if (!method) return no_such_method(id);
    if (text_of(*method, "customer").empty())
        return unusable("You must save this PaymentMethod to a customer before you can update it.");

    read_common(params, *method);
    update_card(params, *method);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    operation.ctx.update_and_emit("payment_method.updated", *method);
    follow_method(operation.ctx, *method);
    return *std::move(method);
}

Answer attach(Operation& operation) {
    auto& params = operation.params;
    const auto customer = params.text("customer").value_or("");
    if (customer.empty())
        params.complain(
            bad_param("", "parameter_missing", "Must provide customer or customer_account."));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    auto method = method_of_path(operation);
    if (!method) return method;
    if (flag_of(*method, "_used_up")) return unusable(std::string(kUsedBefore));
    const auto owner = require_customer(operation.ctx, customer, "customer");
    if (!owner) return Refusal(owner.error());
    return attach_payment_method(operation.ctx, *std::move(method), customer);
}

Answer detach(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("payment_method");
    auto method = operation.ctx.find(kPaymentMethodKind, id);
    if (!method) return no_such_method(id);
    if (text_of(*method, "customer").empty())
        return bad_param("", "",
                         "The payment method you provided is not attached to a customer so "
                         "detachment is impossible.");
    return detach_payment_method(operation.ctx, *std::move(method));
}

/// Lists show methods of customers only.
Answer list_of_customer(Operation& operation, const std::string& customer) {
    const auto type = read_method_type(operation.params, "type");
    const auto redisplay = read_redisplay(operation.params);
    if (customer.empty()) return list_page(operation, operation.url, {});
    return list_objects(operation, kPaymentMethodKind, {.customer = customer},
                        [&](const Json& method) {
                            return (!type || text_of(method, "type") == *type) &&
                                   (!redisplay || text_of(method, "allow_redisplay") == *redisplay);
                        });
}

Answer list_payment_methods(Operation& operation) {
    const auto customer = operation.params.text("customer").value_or("");
    if (!customer.empty()) {
        const auto owner = require_customer(operation.ctx, customer, "customer");
        if (!owner) return Refusal(owner.error());
    }
    return list_of_customer(operation, customer);
}

Answer list_methods_of_customer(Operation& operation) {
    const auto& customer = operation.path("customer");
    if (!operation.ctx.find("customer", customer)) return no_such_object("customer", customer);
    return list_of_customer(operation, customer);
}

Answer get_method_of_customer(Operation& operation) {
    auto method = get_payment_method(operation);
    if (!method) return method;
    if (text_of(*method, "customer") != operation.path("customer")) {
        auto refusal = bad_param("customer", "", "Invalid request");
        refusal.error().http_status = 404;
        return refusal;
    }
    return method;
}

constexpr auto kPaymentMethodRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/payment_methods", create_payment_method},
    {"GET", "/v1/payment_methods", list_payment_methods},
    {"GET", "/v1/payment_methods/{payment_method}", get_payment_method},
    {"POST", "/v1/payment_methods/{payment_method}", update_payment_method},
    {"POST", "/v1/payment_methods/{payment_method}/attach", attach},
    {"POST", "/v1/payment_methods/{payment_method}/detach", detach},
    {"GET", "/v1/customers/{customer}/payment_methods", list_methods_of_customer},
    {"GET", "/v1/customers/{customer}/payment_methods/{payment_method}", get_method_of_customer},
});

constexpr auto kPaymentMethodExpandables = std::to_array<Expandable>({
    {"payment_method", "customer", "customer"},
});

}  // namespace

Outcome<Json> read_new_payment_method(Context& ctx, Params& params) {
    const auto type = read_method_type(params, "type");
    if (!type) params.complain(missing_param(params.name_of("type")));
    if (!type) return Refusal(*params.complaint());

    auto method = *type == "card" ? read_card(ctx, params) : read_sepa_debit(ctx, params);
    if (method) read_common(params, *method);
    return method;
}

std::optional<Json> read_method_data(Context& ctx, Params& params) {
    auto data = params.object("payment_method_data");
    if (!data) return std::nullopt;
    auto method = read_new_payment_method(ctx, *data);
    params.absorb(*data);
    if (!method) {
        params.complain(Refusal(method.error()));
        return std::nullopt;
    }
    if (params.has("payment_method"))
        params.complain(only_one_of(params, "payment_method", "payment_method_data"));
    return *std::move(method);
}

Outcome<Json> resolve_payment_method(Context& ctx, const std::string& id,
                                     const std::string& param) {
    if (id.starts_with("pm_card_")) {
        if (const auto* card = card_by_name(id)) {
            Json method = card_payment_method(ctx, *card);
            ctx.put(method);
            return method;
        }
    }
    if (is_lacking(id)) return lacking_refusal(id, param);
    auto method = ctx.find(kPaymentMethodKind, id);
    if (!method) return no_such_param("PaymentMethod", id, param);
    return *std::move(method);
}

Outcome<Json> attach_payment_method(Context& ctx, Json method, const std::string& customer) {
    const auto owner = text_of(method, "customer");
    if (owner == customer) return method;
    if (!owner.empty())
        return unusable("The payment method you provided has already been attached to a customer.");
    if (flag_of(method, "_detached")) return unusable(std::string(kUsedBefore));

    const auto* card = card_of_payment_method(method);
    if (card != nullptr && card->on_attach != nullptr) {
        auto refusal = declined(*card->on_attach);
        refusal.error().extra["param"] = "";  // recorded: present and empty
        return refusal;
    }
    method = with_checked_code(ctx, std::move(method));
    method["customer"] = customer;
    ctx.put(method);
    ctx.emit("payment_method.attached", method);
    return method;
}

Json detach_payment_method(Context& ctx, Json method) {
    const auto customer = text_of(method, "customer");
    const auto id = text_of(method, "id");
    forget_default(ctx, customer, id);
    method["customer"] = nullptr;
    method["_detached"] = true;
    ctx.put(method);
    ctx.emit("payment_method.detached", method, Json{{"customer", customer}});
    return method;
}

const Feature& payment_method_feature() {
    static constexpr Feature kFeature{.operations = kPaymentMethodRoutes,
                                      .expandables = kPaymentMethodExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
