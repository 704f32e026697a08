#include "sandbox/razorpay/payments.h"

#include <array>

#include "sandbox/documents.h"

namespace turnpike::twin::razorpay {
namespace {

/// The fee of a card's payment: 2 %, rounded down; no tax is shown in test mode.
std::int64_t fee_of(std::int64_t amount) { return amount / 50; }

Json card_of(Context& ctx) {
    return Json{{"id", ctx.new_id("card")}, {"entity", "card"},       {"name", ""},
                {"last4", "1111"},          {"network", "Visa"},      {"type", "credit"},
                {"issuer", nullptr},        {"international", false}, {"emi", false},
                {"sub_type", "consumer"},   {"token_iin", nullptr}};
}

Json new_payment(Context& ctx, const Json& order, const PaymentAttempt& attempt) {
    const auto& method = attempt.instrument.method;
    const bool by_card = method == "card";
    const Json card = by_card ? card_of(ctx) : Json();
    const bool known = attempt.customer.is_object();
    return Json{{"id", ctx.new_id("pay")},
                {"entity", "payment"},
                {"amount", order.at("amount")},
                {"currency", order.at("currency")},
                {"status", "created"},
                {"order_id", order.at("id")},
                {"invoice_id", text_or_null(attempt.invoice_id)},
                {"international", false},
                {"method", method},
                {"amount_refunded", 0},
                {"refund_status", nullptr},
                {"captured", false},
                {"description", text_or_null(attempt.description)},
                {"card_id", by_card ? card.at("id") : Json()},
                {"card", card},
                {"bank", method == "emandate" ? Json("HDFC") : Json()},
                {"wallet", nullptr},
                {"vpa", method == "upi" ? Json("success@razorpay") : Json()},
                {"email", known ? attempt.customer.at("email") : Json()},
                {"contact", known ? attempt.customer.at("contact") : Json()},
                {"customer_id", known ? attempt.customer.at("id") : Json()},
                {"notes", order.at("notes")},
                {"fee", nullptr},
                {"tax", nullptr},
                {"error_code", nullptr},
                {"error_description", nullptr},
                {"error_source", nullptr},
                {"error_step", nullptr},
                {"error_reason", nullptr},
                {"acquirer_data", {{"auth_code", nullptr}}},
                {"created_at", ctx.now_seconds()}};
}

void decline(Json& payment) {
    payment["status"] = "failed";
    payment["error_code"] = "BAD_REQUEST_ERROR";
    payment["error_description"] =
        "Your payment didn't go through as it was declined by the bank. Try another payment "
        "method or contact your bank.";
    payment["error_source"] = "bank";
    payment["error_step"] = "payment_authorization";
    payment["error_reason"] = "payment_failed";
}

}  // namespace

Json to_json(const Instrument& instrument) {
    const bool declines = instrument.bank == Instrument::Bank::Declines;
    return Json{{"method", instrument.method}, {"declines", declines}};
}

Instrument instrument_of(const Json& subscription) {
    const Json& kept = part_of(subscription, "_instrument");
    return {.method = text_of(kept, "method"),
            .bank = flag_of(kept, "declines") ? Instrument::Bank::Declines
                                              : Instrument::Bank::Approves};
}

Json open_order(Context& ctx, const NewOrder& order) {
    Json made{{"id", ctx.new_id("order")},
              {"entity", "order"},
              {"amount", order.amount},
              {"amount_paid", 0},
              {"amount_due", order.amount},
              {"currency", order.currency},
              {"receipt", order.receipt},
              {"offer_id", nullptr},
              {"status", "created"},
              {"attempts", 0},
              {"notes", order.notes},
              {"created_at", ctx.now_seconds()},
              {"_captures", order.capture == NewOrder::Capture::Automatic}};
    ctx.put(made);
    return made;
}

Json attempt_payment(Context& ctx, Json& order, const PaymentAttempt& attempt) {
    Json payment = new_payment(ctx, order, attempt);
    order["attempts"] = integer_of(order, "attempts") + 1;
    if (text_of(order, "status") == "created") order["status"] = "attempted";
    ctx.put(order);
    if (attempt.instrument.bank == Instrument::Bank::Declines) {
        decline(payment);
        ctx.put(payment);
        ctx.emit("payment.failed", {&payment});
        return payment;
    }
    payment["status"] = "authorized";
    payment["acquirer_data"]["auth_code"] = "123456";
    ctx.put(payment);
    ctx.emit("payment.authorized", {&payment});
    if (!flag_of(order, "_captures")) return payment;
    payment = capture_payment(ctx, std::move(payment));
    order = *ctx.find("order", text_of(order, "id"));
    return payment;
}

bool has_authorized_payment(Context& ctx, const Json& order) {
    return !ctx.list("payment", {.parent = text_of(order, "id"), .status = "authorized"},
                     {.limit = 1})
                .empty();
}

Json capture_payment(Context& ctx, Json payment) {
    const auto amount = integer_of(payment, "amount");
    payment["status"] = "captured";
    payment["captured"] = true;
    payment["fee"] = fee_of(amount);
    payment["tax"] = 0;
    ctx.put(payment);
    ctx.emit("payment.captured", {&payment});
    if (auto order = ctx.find("order", text_of(payment, "order_id"))) {
        (*order)["status"] = "paid";
        (*order)["amount_paid"] = amount;
        (*order)["amount_due"] = 0;
        ctx.put(*order);
        ctx.emit("order.paid", {&payment, &*order});
    }
    return payment;
}

std::int64_t refundable(const Json& payment) {
    return integer_of(payment, "amount") - integer_of(payment, "amount_refunded");
}

Json refund_payment(Context& ctx, Json payment, const NewRefund& refund) {
    const bool instant = refund.speed == "optimum";
    Json made{{"id", ctx.new_id("rfnd")},
              {"entity", "refund"},
              {"amount", refund.amount},
              {"currency", payment.at("currency")},
              {"payment_id", payment.at("id")},
              {"notes", refund.notes},
              {"receipt", refund.receipt},
              {"acquirer_data", {{"arn", nullptr}}},
              {"created_at", ctx.now_seconds()},
              {"batch_id", nullptr},
              {"status", "pending"},
              {"speed_processed", instant ? "instant" : "normal"},
              {"speed_requested", refund.speed}};
    payment["amount_refunded"] = integer_of(payment, "amount_refunded") + refund.amount;
    const bool in_full = refundable(payment) == 0;
    payment["refund_status"] = in_full ? "full" : "partial";
    if (in_full) payment["status"] = "refunded";
    ctx.put(payment);
    ctx.put(made);
    ctx.emit("refund.created", {&made, &payment});
    return flag_of(payment, "_refunds_wait") ? made : process_refund(ctx, std::move(made));
}

Json process_refund(Context& ctx, Json refund) {
    const auto payment = ctx.find("payment", text_of(refund, "payment_id"));
    refund["status"] = "processed";
    refund["acquirer_data"]["arn"] = "10000000000000";
    ctx.put(refund);
    ctx.emit("refund.processed", {&refund, &*payment});
    return refund;
}

Json fail_refund(Context& ctx, Json refund) {
    auto payment = ctx.find("payment", text_of(refund, "payment_id"));
    const auto left = integer_of(*payment, "amount_refunded") - integer_of(refund, "amount");
    (*payment)["amount_refunded"] = left;
    (*payment)["refund_status"] = left == 0 ? Json() : Json("partial");
    (*payment)["status"] = "captured";
    ctx.put(*payment);
    refund["status"] = "failed";
    ctx.put(refund);
    ctx.emit("refund.failed", {&refund, &*payment});
    return refund;
}

Json slow_refund(Context& ctx, Json refund) {
    const auto payment = ctx.find("payment", text_of(refund, "payment_id"));
    refund["speed_processed"] = "normal";
    ctx.put(refund);
    ctx.emit("refund.speed_changed", {&refund, &*payment});
    return refund;
}

}  // namespace turnpike::twin::razorpay
