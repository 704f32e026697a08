#include <array>
#include <optional>

#include "sandbox/documents.h"
#include "sandbox/razorpay/payments.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::size_t kReceiptMax = 40;
constexpr std::size_t kRefundKeyMin = 10;

Answer create_order(Operation& operation) {
    auto& params = operation.params;
    NewOrder order;
    order.currency = params.required_currency("currency");
    order.amount = params.required_amount("amount", order.currency);
    if (const auto receipt = params.text("receipt", kReceiptMax)) order.receipt = *receipt;
    order.notes = notes_of(params);
    if (params.flag("payment_capture").value_or(false))
        order.capture = NewOrder::Capture::Automatic;
    params.lacks({"partial_payment", "first_payment_min_amount", "offer_id", "method",
                  "bank_account", "payment", "customer_id", "customer_details", "token",
                  "transfers", "rto_review", "line_items", "line_items_total", "shipping_fee",
                  "cod_fee", "promotions", "device_details", "phonepe_switch_context"});
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    return open_order(operation.ctx, order);
}

template <const char* kKind>
Answer fetch(Operation& operation) {
    operation.params.lacks({"expand", "status"});
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return object_of_path(operation, kKind);
}
template <const char* kKind>
Answer fetch_all(Operation& operation) {
    return list_objects(operation, kKind, {});
}
/// Notes are all that can be changed of what was paid.
template <const char* kKind>
Answer edit_notes(Operation& operation) {
    auto object = object_of_path(operation, kKind);
    if (!object) return object;
    if (!operation.params.has("notes"))
        operation.params.complain(bad_request("The notes field is required.", "notes"));
    const Json notes = notes_of(operation.params);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    (*object)["notes"] = notes;
    operation.ctx.put(*object);
    return object;
}

constexpr char kOrder[] = "order";
constexpr char kPayment[] = "payment";
constexpr char kRefund[] = "refund";

/// Orders with or without a payment that waits to be captured, orders of one receipt.
Answer list_orders(Operation& operation) {
    auto& ctx = operation.ctx;
    const auto receipt = operation.params.text("receipt");
    const auto authorized = operation.params.flag("authorized");
    if (!receipt && !authorized) return list_objects(operation, "order", {});
    return list_wanted(operation, "order", {}, [&](const Json& order) {
        if (receipt && text_of(order, "receipt") != *receipt) return false;
        return !authorized || has_authorized_payment(ctx, order) == *authorized;
    });
}

Answer payments_of_order(Operation& operation) {
    const auto order = object_of_path(operation, "order");
    if (!order) return order;
    return list_objects(operation, "payment", {.parent = text_of(*order, "id")});
}

/// Why a payment cannot be captured for this amount.
std::optional<Refusal> check_capture(Context& ctx, const Json& payment, std::int64_t amount,
                                     const std::string& currency) {
    const auto status = text_of(payment, "status");
    if (flag_of(payment, "captured")) return bad_request("This payment has already been captured");
    if (status != "authorized")
        return bad_request(
            "Only payments which have been authorized and not yet captured can be captured");
    if (amount != integer_of(payment, "amount"))
        return bad_request("Capture amount must be equal to the amount authorized", "amount");
    if (currency != text_of(payment, "currency"))
        return bad_request("Capture currency must be equal to the currency authorized", "currency");
    const auto order = ctx.find("order", text_of(payment, "order_id"));
    if (order && text_of(*order, "status") == "paid")
        return bad_request(
            "Your payment has been declined as the order is already paid. Please initiate the "
            "payment with a new order.");
    return std::nullopt;
}

Answer capture(Operation& operation) {
    auto& params = operation.params;
    auto payment = object_of_path(operation, "payment");
    if (!payment) return payment;
    const auto currency = params.text("currency").value_or("INR");
    const auto amount = params.required_amount("amount", currency);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (const auto refusal = check_capture(operation.ctx, *payment, amount, currency))
        return about_payment(*refusal, *payment);
    return capture_payment(operation.ctx, *std::move(payment));
}

/// A refund that its idempotency key has made before; null when there is none.
Answer refund_made_before(Operation& operation) {
    const auto& key = operation.refund_key;
    if (key.empty()) return Json();
    if (key.size() < kRefundKeyMin)
        return bad_request("The idempotency key must be at least 10 characters.");
    auto& ctx = operation.ctx;
    const auto used = find_refund_key(ctx.transaction(), ctx.account().id, key);
    if (!used) return Json();
    if (used->request != operation.digest) {
        auto conflict = bad_request(
            "Different request with the same idempotency key has been processed already.");
        conflict.error().http_status = 409;
        return conflict;
    }
    return *ctx.find("refund", used->refund);
}

enum class Part : bool { All, Some };
/// Why so much of a payment cannot be given back.
std::optional<Refusal> check_refund(const Json& payment, std::int64_t amount, Part part) {
    if (!flag_of(payment, "captured"))
        return bad_request("The payment status should be captured for action to be taken");
    const auto left = refundable(payment);
    if (left == 0) return bad_request("The payment has been fully refunded already");
    const auto currency = text_of(payment, "currency");
    if (part == Part::Some && amount < Params::least_amount(currency))
        return bad_request("The amount must be at least " + currency + " 1.00", "amount");
    if (amount > left)
        return bad_request("The refund amount provided is greater than amount captured", "amount");
    return std::nullopt;
}

Outcome<NewRefund> read_refund(Params& params, const Json& payment) {
    NewRefund refund;
    const auto part = params.has("amount") ? Part::Some : Part::All;
    const auto amount = params.integer("amount", INT64_MIN, INT64_MAX);
    refund.amount = part == Part::Some ? amount.value_or(0) : refundable(payment);
    refund.notes = notes_of(params);
    if (const auto receipt = params.text("receipt", kReceiptMax)) refund.receipt = *receipt;
    params.lacks({"reverse_all"});
    refund.speed = params.one_of("speed", {"normal", "optimum"}).value_or("normal");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (const auto refusal = check_refund(payment, refund.amount, part))
        return about_payment(*refusal, payment);
    return refund;
}

Answer refund(Operation& operation) {
    auto payment = object_of_path(operation, "payment");
    if (!payment) return payment;
    auto before = refund_made_before(operation);
    if (!before || !before->is_null()) return before;
    const auto wanted = read_refund(operation.params, *payment);
    if (!wanted) return Refusal(wanted.error());
    auto& ctx = operation.ctx;
    Json made = refund_payment(ctx, *std::move(payment), *wanted);
    if (!operation.refund_key.empty())
        save_refund_key(ctx.transaction(), ctx.account().id, operation.refund_key,
                        {.request = operation.digest, .refund = text_of(made, "id")});
    return made;
}

Answer refunds_of_payment(Operation& operation) {
    const auto payment = object_of_path(operation, "payment");
    if (!payment) return payment;
    return list_objects(operation, "refund", {.parent = text_of(*payment, "id")});
}

Answer refund_of_payment(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto payment = object_of_path(operation, "payment");
    if (!payment) return payment;
    auto found = operation.ctx.find("refund", operation.path("refund"));
    if (!found || text_of(*found, "payment_id") != text_of(*payment, "id")) return no_such_id();
    return *std::move(found);
}

Answer list_refunds(Operation& operation) {
    const auto payment = operation.params.text("payment_id").value_or("");
    return list_objects(operation, "refund", {.parent = payment});
}

constexpr auto kOrderRoutes = std::to_array<Route>({
    {"POST", "/v1/orders", create_order},
    {"GET", "/v1/orders", list_orders},
    {"GET", "/v1/orders/{id}", fetch<kOrder>},
    {"PATCH", "/v1/orders/{id}", edit_notes<kOrder>},
    {"GET", "/v1/orders/{id}/payments", payments_of_order},
});

constexpr auto kPaymentRoutes = std::to_array<Route>({
    {"GET", "/v1/payments", fetch_all<kPayment>},
    {"GET", "/v1/payments/{id}", fetch<kPayment>},
    {"PATCH", "/v1/payments/{id}", edit_notes<kPayment>},
    {"POST", "/v1/payments/{id}/capture", capture},
    {"POST", "/v1/payments/{id}/refund", refund},
    {"GET", "/v1/payments/{id}/refunds", refunds_of_payment},
    {"GET", "/v1/payments/{id}/refunds/{refund}", refund_of_payment},
});

constexpr auto kRefundRoutes = std::to_array<Route>({
    {"GET", "/v1/refunds", list_refunds},
    {"GET", "/v1/refunds/{id}", fetch<kRefund>},
    {"PATCH", "/v1/refunds/{id}", edit_notes<kRefund>},
});

}  // namespace

std::span<const Route> order_routes() { return kOrderRoutes; }
std::span<const Route> payment_routes() { return kPaymentRoutes; }
std::span<const Route> refund_routes() { return kRefundRoutes; }

}  // namespace turnpike::twin::razorpay
