#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/list_owner.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/payments/intent_owners.h"
#include "sandbox/stripe/payments/intent_settings.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_charge(Operation& operation) {
    const std::string& id = operation.path("charge");
    auto charge = operation.ctx.find("charge", id);
    if (!charge) return no_such_object("charge", id);
    return *std::move(charge);
}

/// fraud_details[user_report]: what the seller thinks of it. "" takes it back.
void read_fraud_details(Params& params, Json& charge) {
    auto given = params.object("fraud_details");
    if (!given) return;
    if (const auto report = given->one_of("user_report", {"", "fraudulent", "safe"})) {
        charge["fraud_details"].erase("user_report");
        if (!report->empty()) charge["fraud_details"]["user_report"] = *report;
    }
    params.absorb(*given);
}

/// A charge belongs to a customer for good, as soon as it has one.
std::optional<Refusal> set_customer(Context& ctx, Json& charge, const std::string& customer) {
    const auto found = require_customer(ctx, customer, "customer");
    if (!found) return Refusal(found.error());
    const std::string owner = text_of(charge, "customer");
    if (!owner.empty() && owner != customer)
        return bad_param("customer", "",
                         "This charge already has a customer, which cannot be changed.");
    charge["customer"] = customer;
    return std::nullopt;
}

}  // namespace

Answer get_charge(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_charge(operation);
}

Answer update_charge(Operation& operation) {
    Params& params = operation.params;
    auto charge = require_charge(operation);
    if (!charge) return charge;
    set_text(params, "description", *charge);
    set_email(params, "receipt_email", *charge);
    set_text(params, "transfer_group", *charge);
    read_shipping(params, *charge);
    read_fraud_details(params, *charge);
    merge_metadata(*charge, params.metadata());
    const std::string customer = params.text("customer").value_or("");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (!customer.empty())
        if (auto refusal = set_customer(operation.ctx, *charge, customer)) return *refusal;
    operation.ctx.update_and_emit("charge.updated", *charge);
    return charge;
}

/// Every charge here is a PaymentIntent's, which is captured with it.
Answer capture_of_charge(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const auto amount = params.integer("amount");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const auto charge = require_charge(operation);
    if (!charge) return charge;
    const std::string id = text_of(*charge, "id");
    if (flag_of(*charge, "captured"))
        return bad_param("", "charge_already_captured",
                         "Charge " + id + " has already been captured.");
    auto intent = ctx.find("payment_intent", text_of(*charge, "payment_intent"));
    if (!intent || text_of(*intent, "status") != "requires_capture")
        return bad_param("", "charge_invalid_parameter",
                         "Charge " + id + " cannot be captured: it is not authorized.");
    if (auto problem = other_payment_problem(ctx, *intent)) return *std::move(problem);
    const std::int64_t captured = amount.value_or(integer_of(*charge, "amount"));
    if (auto problem = capture_problem(*intent, captured, "amount")) return *problem;
    capture_payment_intent(ctx, *std::move(intent), captured);
    return require_charge(operation);
}

Answer list_charges(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    filter.parent = params.text("payment_intent").value_or("");
    const std::string group = params.text("transfer_group").value_or("");
    read_created(params, filter);
    for (const auto& [kind, id] :
         {std::pair("customer", filter.customer), std::pair("payment_intent", filter.parent)})
        if (const auto refusal = unknown_owner(operation.ctx, kind, id)) params.complain(*refusal);
    return list_objects(operation, "charge", filter, [&](const Json& charge) {
        return group.empty() || text_of(charge, "transfer_group") == group;
    });
}

}  // namespace turnpike::twin
