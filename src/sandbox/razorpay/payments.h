#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// What somebody pays with, and what their bank says.
struct Instrument {
    enum class Bank : bool { Approves, Declines };
    std::string method = "card";  ///< "card", "upi" or "emandate"
    Bank bank = Bank::Approves;
};
/// As it is kept beside a subscription.
Json to_json(const Instrument& instrument);
Instrument instrument_of(const Json& subscription);

/// An order that waits for its payment; stored.
struct NewOrder {
    std::int64_t amount = 0;
    std::string currency;
    Json receipt{};  ///< a text, or null
    Json notes = Json::array();
    enum class Capture : bool { ByHand, Automatic } capture = Capture::ByHand;
};
Json open_order(Context& ctx, const NewOrder& order);

/// One try to pay an order in full.
struct PaymentAttempt {
    Instrument instrument;
    Json customer{};           ///< a customer's document, or null
    std::string invoice_id{};  ///< "" when it is for none
    std::string description{};
};
/// Makes the payment: failed, authorized, or (as the order wants it) captured at once. Changes and
/// stores the order; raises payment.* and order.paid.
Json attempt_payment(Context& ctx, Json& order, const PaymentAttempt& attempt);

/// Whether somebody has paid an order, and the shop has not captured it yet.
bool has_authorized_payment(Context& ctx, const Json& order);

/// Captures an authorized payment, and with it pays its order.
Json capture_payment(Context& ctx, Json payment);

/// Gives back `amount`, which must not be more than what is left of a captured payment.
struct NewRefund {
    std::int64_t amount = 0;
    Json notes = Json::array();
    Json receipt{};
    std::string speed = "normal";
};
Json refund_payment(Context& ctx, Json payment, const NewRefund& refund);
/// What becomes of a pending refund. What fails is the payment's again.
Json process_refund(Context& ctx, Json refund);
Json fail_refund(Context& ctx, Json refund);
/// The bank could not do it at once: it goes the normal way.
Json slow_refund(Context& ctx, Json refund);
/// What a captured payment has left.
std::int64_t refundable(const Json& payment);

std::span<const Route> order_routes();
std::span<const Route> payment_routes();
std::span<const Route> refund_routes();

}  // namespace turnpike::twin::razorpay
