#include "sandbox/stripe/payments/charges.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/payments/authorizations.h"
#include "sandbox/stripe/payments/ledger.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// From 65 on Radar calls a risk elevated, from 75 on highest (https://docs.stripe.com/radar).
std::pair<std::string, int> risk_of(const TestCard* card) {
    switch (card == nullptr ? Risk::Normal : card->risk) {
        case Risk::Normal: return {"normal", 24};
        case Risk::Elevated: return {"elevated", 65};
        case Risk::Highest: return {"highest", 75};
    }
    std::unreachable();
}

/// Radar's own no: the bank was not asked.
Json blocked_outcome() {
    return {{"network_status", "not_sent_to_network"},
            {"reason", "highest_risk_level"},
            {"seller_message", "Stripe blocked this payment as too risky."},
            {"type", "blocked"}};
}

Json outcome_of(const Decline* decline, const TestCard* card) {
    Json outcome;
    const auto text = [](std::string_view value) {
        return value.empty() ? Json() : Json(std::string(value));
    };
    outcome["advice_code"] = decline == nullptr ? Json() : text(decline->advice_code);
    outcome["network_advice_code"] = nullptr;
    outcome["network_decline_code"] =
        decline == nullptr ? Json() : text(decline->network_decline_code);
    outcome["network_status"] = decline == nullptr ? "approved_by_network" : "declined_by_network";
    outcome["reason"] = nullptr;
    if (decline != nullptr)
        outcome["reason"] =
            text(decline->decline_code.empty() ? decline->code : decline->decline_code);
    const auto [level, score] = risk_of(card);
    outcome["risk_level"] = level;
    outcome["risk_score"] = score;
    outcome["seller_message"] =
        decline == nullptr ? "Payment complete."
                           : "The bank did not return any further details with this decline.";
    outcome["type"] = decline == nullptr ? "authorized" : "issuer_declined";
    if (decline != nullptr && level == "highest") outcome.update(blocked_outcome());
    return outcome;
}

Json status_of(std::string_view status) {
    Json json;
    json["status"] = std::string(status);
    return json;
}

Json card_details(const Json& method, std::int64_t amount, const Decline* decline,
                  std::optional<Instant> capture_before) {
    const Json& card = part_of(method, "card");
    Json details;
    details["amount_authorized"] = decline == nullptr ? Json(amount) : Json();
    details["authorization_code"] = nullptr;
    details["brand"] = card.value("brand", Json());
    details["checks"] = part_of(card, "checks");
    for (const char* member : {"country", "exp_month", "exp_year"})
        details[member] = card.value(member, Json());
    details["extended_authorization"] = status_of("disabled");
    details["fingerprint"] = card.value("fingerprint", Json());
    details["funding"] = card.value("funding", Json());
    details["incremental_authorization"] = status_of("unavailable");
    details["installments"] = nullptr;
    details["last4"] = card.value("last4", Json());
    details["mandate"] = nullptr;
    details["multicapture"] = status_of("unavailable");
    details["network"] = card.value("brand", Json());
    details["network_token"]["used"] = false;
    details["network_transaction_id"] = nullptr;
    details["overcapture"]["maximum_amount_capturable"] = amount;
    details["overcapture"]["status"] = "unavailable";
    details["regulated_status"] = "unregulated";
    details["three_d_secure"] = nullptr;
    details["wallet"] = nullptr;
    if (capture_before) details["capture_before"] = unix_seconds(*capture_before);
    Json json;
    json["card"] = std::move(details);
    json["type"] = "card";
    return json;
}

/// The account as it was debited. The sandbox keeps no mandates.
Json debit_details(const Json& method) {
    Json details = method.at("sepa_debit");
    details.erase("generated_from");
    details["mandate"] = nullptr;
    return {{"sepa_debit", std::move(details)}, {"type", "sepa_debit"}};
}

Json method_details(const Json& charge, const Json& method, const Decline* decline) {
    if (text_of(method, "type") == "sepa_debit") return debit_details(method);
    const std::optional<Instant> capture_end = *instant_of(charge, "created") + kAuthorizationHold;
    const bool authorized = decline == nullptr && !flag_of(charge, "captured");
    return card_details(method, integer_of(charge, "amount"), decline,
                        authorized ? capture_end : std::nullopt);
}

void add_failure(Json& charge, const Decline* decline) {
    charge["failure_code"] = decline == nullptr ? Json() : Json(std::string(decline->code));
    charge["failure_message"] = decline == nullptr ? Json() : Json(std::string(decline->message));
}

void add_result(Json& charge, const Json& method, const Decline* decline) {
    const bool paid = decline == nullptr;
    charge["outcome"] = outcome_of(decline, card_of_payment_method(method));
    charge["paid"] = paid;
    charge["payment_method"] = method.at("id");
    charge["payment_method_details"] = method_details(charge, method, decline);
    charge["radar_options"] = Json::object();
    charge["receipt_email"] = nullptr;
    charge["receipt_number"] = nullptr;
    charge["receipt_url"] = nullptr;
    charge["refunded"] = false;
    for (const char* member : {"review", "source", "source_transfer", "statement_descriptor",
                               "statement_descriptor_suffix"})
        charge[member] = nullptr;
    charge["status"] = paid ? "succeeded" : "failed";
    charge["transfer_data"] = nullptr;
    charge["transfer_group"] = nullptr;
}

/// Not stored.
Json new_charge(Context& ctx, const Json& payment_intent, const Json& payment_method,
                const Decline* decline) {
    const std::int64_t amount = integer_of(payment_intent, "amount");
    const bool captured =
        decline == nullptr && text_of(payment_intent, "capture_method") != "manual";
    Json charge = roomy_object(64);
    charge["id"] = ctx.new_id("ch");
    charge["object"] = "charge";
    charge["amount"] = amount;
    charge["amount_captured"] = captured ? amount : 0;
    charge["amount_refunded"] = 0;
    for (const char* member :
         {"application", "application_fee", "application_fee_amount", "balance_transaction"})
        charge[member] = nullptr;
    charge["billing_details"] = part_of(payment_method, "billing_details");
    charge["calculated_statement_descriptor"] = "TURNPIKE SANDBOX";
    charge["captured"] = captured;
    charge["created"] = unix_seconds(second_of(ctx, text_of(payment_intent, "customer")));
    charge["currency"] = payment_intent.at("currency");
    charge["customer"] = payment_intent.at("customer");
    charge["description"] = payment_intent.at("description");
    charge["destination"] = nullptr;
    charge["dispute"] = nullptr;
    charge["disputed"] = false;
    charge["failure_balance_transaction"] = nullptr;
    add_failure(charge, decline);
    charge["fraud_details"] = Json::object();
    charge["livemode"] = false;
    charge["metadata"] = payment_intent.at("metadata");
    charge["on_behalf_of"] = nullptr;
    charge["order"] = nullptr;
    charge["payment_intent"] = payment_intent.at("id");
    charge["shipping"] = payment_intent.at("shipping");
    add_result(charge, payment_method, decline);
    return charge;
}

/// A receipt is there once the bank has said yes, captured or not.
void give_receipt(Context& ctx, Json& charge, const Json& payment_intent) {
    const bool is_of_invoice = !text_of(payment_intent, "_invoice").empty() ||
                               !text_of(payment_intent, "_attached_to").empty();
    charge["receipt_url"] =
        ctx.base_url() + (is_of_invoice ? "/receipts/invoices/" + text_of(charge, "id") + "?s=ap"
                                        : "/receipts/payment/" + text_of(charge, "id"));
}

void announce_charge(Context& ctx, const Json& charge, const Decline* decline) {
    ctx.put(charge);
    ctx.emit(decline == nullptr ? "charge.succeeded" : "charge.failed", charge);
}

}  // namespace

Json make_charge(Context& ctx, const Json& payment_intent, const Json& payment_method,
                 const Decline* decline) {
    Json charge = new_charge(ctx, payment_intent, payment_method, decline);
    if (decline == nullptr) give_receipt(ctx, charge, payment_intent);
    const bool books_at_once = text_of(payment_intent, "capture_method") == "automatic";
    if (books_at_once && flag_of(charge, "captured"))
        book_charge(ctx, charge, integer_of(charge, "amount"));
    announce_charge(ctx, charge, decline);
    return charge;
}

Json make_pending_charge(Context& ctx, const Json& payment_intent, const Json& payment_method) {
    Json charge = new_charge(ctx, payment_intent, payment_method, nullptr);
    charge["paid"] = false;
    charge["status"] = "pending";
    ctx.put(charge);
    ctx.emit("charge.pending", charge);
    return charge;
}

Json settle_pending_charge(Context& ctx, const std::string& id, const Decline* decline) {
    auto charge = ctx.find("charge", id);
    check(charge.has_value(), "a pending charge is never removed");
    const bool paid = decline == nullptr;
    (*charge)["outcome"] = outcome_of(decline, nullptr);
    (*charge)["paid"] = paid;
    (*charge)["status"] = paid ? "succeeded" : "failed";
    (*charge)["captured"] = paid;
    if (paid) {
        book_charge(ctx, *charge, integer_of(*charge, "amount"));
        const auto intent = ctx.look("payment_intent", text_of(*charge, "payment_intent"));
        check(intent != nullptr, "a PaymentIntent is never removed");
        give_receipt(ctx, *charge, *intent);
    }
    if (!paid) (*charge)["amount_captured"] = 0;
    add_failure(*charge, decline);
    announce_charge(ctx, *charge, decline);
    return *std::move(charge);
}

void capture_charge(Context& ctx, const std::string& id, std::int64_t amount) {
    auto charge = ctx.find("charge", id);
    check(charge.has_value(), "an intent that can be captured has a charge");
    (*charge)["captured"] = true;
    (*charge)["amount_captured"] = amount;
    (*charge)["amount_refunded"] = integer_of(*charge, "amount") - amount;
    book_charge(ctx, *charge, amount);
    ctx.update_and_emit("charge.captured", *charge);
}

void book_async_charge(Context& ctx, const std::string& id) {
    auto charge = ctx.find("charge", id);
    check(charge.has_value(), "a payment that succeeded has a charge");
    if (!text_of(*charge, "balance_transaction").empty()) return;
    book_charge(ctx, *charge, integer_of(*charge, "amount_captured"));
    ctx.update_and_emit("charge.updated", *charge);
}

void release_charge(Context& ctx, const std::string& id, std::string_view event) {
    auto charge = ctx.find("charge", id);
    check(charge.has_value(), "an intent that can be captured has a charge");
    (*charge)["amount_refunded"] = charge->at("amount");
    (*charge)["refunded"] = true;
    ctx.update_and_emit(event, *charge);
}

}  // namespace turnpike::twin
