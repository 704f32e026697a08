#include "sandbox/stripe/disputes/disputes.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/balance_transaction.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/disputes/evidence.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// In minor units of the charge's currency, whatever that is.
constexpr std::int64_t kDisputeFee = 1'500;
/// Evidence is due at the end of the last of these days, in UTC.
constexpr auto kDaysToAnswer = std::chrono::days(8);

/// The bank's case, in the card network's words.
struct Case {
    std::string_view type, reason, network_reason_code, status;
};

Case fraud_case(std::string_view brand) {
    return {"chargeback", "fraudulent", brand == "mastercard" ? "4837" : "10.4", "needs_response"};
}

Case case_of(const TestCard& card) {
    switch (card.claim) {
        case CardholderClaim::None: break;
        case CardholderClaim::Fraud: return fraud_case(card.brand);
        case CardholderClaim::NotReceived:
            return {"chargeback", "product_not_received", "13.1", "needs_response"};
        case CardholderClaim::FraudInquiry:
            return {"inquiry", "fraudulent", "10", "warning_needs_response"};
    }
    std::unreachable();
}

enum class Movement : std::uint8_t { Withdrawal, Reversal };

/// The disputed amount and the fee for it, out of the balance or back into it. Stored.
Json book_dispute(Context& ctx, const Json& dispute, Movement movement) {
    const bool out = movement == Movement::Withdrawal;
    const std::int64_t amount = integer_of(dispute, "amount");
    const std::string customer = text_of(dispute, "_customer");
    return book(ctx,
                {.source = dispute,
                 .customer = customer,
                 .amount = out ? -amount : amount,
                 .fee = out ? kDisputeFee : -kDisputeFee,
                 .fee_name = "Dispute fee",
                 .type = "adjustment",
                 .category = out ? "dispute" : "dispute_reversal",
                 .description = (out ? "Chargeback withdrawal for " : "Chargeback reversal for ") +
                                text_of(dispute, "charge"),
                 .available = second_of(ctx, customer)});
}

Json evidence_details(Instant now) {
    const auto last_day = std::chrono::floor<std::chrono::days>(now) + kDaysToAnswer;
    const Instant due = last_day + std::chrono::days(1) - std::chrono::seconds(1);
    Json details;
    details["due_by"] = unix_seconds(due);
    details["enhanced_eligibility"] = Json::object();
    details["has_evidence"] = false;
    details["past_due"] = false;
    details["submission_count"] = 0;
    return details;
}

Json new_dispute(Context& ctx, const Json& charge, const TestCard& card, Instant now) {
    const Case opened = case_of(card);
    const bool inquiry = card.claim == CardholderClaim::FraudInquiry;
    Json dispute;
    dispute["id"] = ctx.new_id("du");
    dispute["object"] = "dispute";
    dispute["amount"] = charge.at("amount_captured");
    dispute["balance_transactions"] = Json::array();
    dispute["charge"] = charge.at("id");
    dispute["created"] = unix_seconds(now);
    dispute["currency"] = charge.at("currency");
    dispute["enhanced_eligibility_types"] = Json::array();
    dispute["evidence"] = empty_evidence();
    dispute["evidence_details"] = evidence_details(now);
    dispute["is_charge_refundable"] = inquiry;
    dispute["livemode"] = false;
    dispute["metadata"] = Json::object();
    dispute["network_reason_code"] = std::string(opened.network_reason_code);
    dispute["payment_intent"] = charge.at("payment_intent");
    Json& details = dispute["payment_method_details"];
    details["card"]["brand"] = std::string(card.brand);
    details["card"]["case_type"] = std::string(opened.type);
    details["card"]["network_reason_code"] = std::string(opened.network_reason_code);
    details["type"] = "card";
    dispute["reason"] = std::string(opened.reason);
    dispute["status"] = std::string(opened.status);
    dispute["_parent"] = charge.at("id");
    dispute["_customer"] = charge.at("customer");
    return dispute;
}

}  // namespace

void dispute_as_card_says(Context& ctx, const std::string& charge_id) {
    const auto paid = ctx.look("charge", charge_id);
    check(paid != nullptr, "a payment that succeeded has a charge");
    const auto method = ctx.look("payment_method", text_of(*paid, "payment_method"));
    const TestCard* card = method ? card_of_payment_method(*method) : nullptr;
    if (card == nullptr || card->claim == CardholderClaim::None) return;

    Json charge = *paid;
    const Instant now = second_of(ctx, text_of(charge, "customer"));
    Json dispute = new_dispute(ctx, charge, *card, now);
    if (!is_inquiry(dispute))
        dispute["balance_transactions"].push_back(book_dispute(ctx, dispute, Movement::Withdrawal));
    charge["dispute"] = dispute.at("id");
    charge["disputed"] = true;
    ctx.put(charge);
    ctx.put(dispute);
    ctx.emit("charge.dispute.created", dispute);
    if (!is_inquiry(dispute)) ctx.emit("charge.dispute.funds_withdrawn", dispute);
}

std::optional<StripeError> charged_back(Context& ctx, const Json& charge) {
    const auto dispute = ctx.find("dispute", text_of(charge, "dispute"));
    if (!dispute || flag_of(*dispute, "is_charge_refundable")) return std::nullopt;
    StripeError error;
    error.code = "charge_disputed";
    error.message =
        "Charge " + text_of(charge, "id") + " has been charged back; cannot issue a refund.";
    return error;
}

bool is_inquiry(const Json& dispute) { return text_of(dispute, "status").starts_with("warning_"); }

bool needs_response(const Json& dispute) {
    return text_of(dispute, "status").ends_with("needs_response");
}

bool is_closed(const Json& dispute) {
    return !needs_response(dispute) && !text_of(dispute, "status").ends_with("under_review");
}

Json close_dispute(Context& ctx, Json dispute, Verdict verdict) {
    const bool reinstates = verdict == Verdict::Won && !is_inquiry(dispute);
    if (is_inquiry(dispute)) {
        dispute["status"] = "warning_closed";
    } else {
        dispute["status"] = verdict == Verdict::Won ? "won" : "lost";
    }
    if (reinstates) {
        dispute["balance_transactions"].push_back(book_dispute(ctx, dispute, Movement::Reversal));
        dispute["is_charge_refundable"] = true;
    }
    ctx.put(dispute);
    if (reinstates) ctx.emit("charge.dispute.funds_reinstated", dispute);
    ctx.emit("charge.dispute.closed", dispute);
    return dispute;
}

void escalate_inquiry(Context& ctx, Json dispute) {
    const auto charge = ctx.look("charge", text_of(dispute, "charge"));
    check(charge != nullptr, "a charge is never removed");
    const std::int64_t left =
        integer_of(*charge, "amount_captured") - integer_of(*charge, "amount_refunded");
    if (left == 0) return;
    dispute["amount"] = left;
    Json& card = dispute["payment_method_details"]["card"];
    const Case opened = fraud_case(text_of(card, "brand"));
    card["case_type"] = std::string(opened.type);
    card["network_reason_code"] = std::string(opened.network_reason_code);
    dispute["network_reason_code"] = std::string(opened.network_reason_code);
    dispute["is_charge_refundable"] = false;
    dispute["status"] = std::string(opened.status);
    dispute["balance_transactions"].push_back(book_dispute(ctx, dispute, Movement::Withdrawal));
    ctx.update_and_emit("charge.dispute.updated", dispute);
    ctx.emit("charge.dispute.funds_withdrawn", dispute);
}

}  // namespace turnpike::twin
